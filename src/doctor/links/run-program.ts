// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../../core/deadline.ts';
import { EnvironmentError } from '../../core/errors.ts';
import { exec, type Container } from '../../docker/index.ts';

/** Runs a program in a container. @returns its output @throws EnvironmentError with its error output if it fails */
export async function runProgram(
  container: Container,
  command: readonly string[],
  wait: Wait,
  input?: Uint8Array,
): Promise<Buffer> {
  const { exitStatus, stdout, stderr } = await exec(container, { command, input }, wait);
  if (exitStatus.code !== 0)
    throw new EnvironmentError(
      `${container.name}: ${command[0]} failed with exit status ${exitStatus.code}: ${stderr.toString().trim()}`,
    );
  return stdout;
}
