// SPDX-License-Identifier: GPL-3.0-or-later
import { foundAt } from '../core/argument-problems.ts';
import type { Wait } from '../core/deadline.ts';
import { EnvironmentError, UsageError } from '../core/errors.ts';
import { exitStatusOf } from '../core/exit-status.ts';
import { ExecError } from '../docker/index.ts';
import { interfaceConflicts, type InterfaceConfig } from '../topology/index.ts';
import { configureCommands, configureScript, removeVlans } from './address.ts';
import { configurationProblems } from './configuration-problems.ts';
import type { InterfacePlace } from './interface-place.ts';

/** The interface to configure. */
export interface ConfigurePlace extends InterfacePlace {
  /** its name */
  readonly device: string;
}

/**
 * Replaces the configuration of an interface, and compares the result with what was asked for.
 * @param config - checked by its schema: it becomes part of a script
 * @throws UsageError if values contradict each other, before anything changes
 * @throws ExecError if the kernel refuses one
 * @throws EnvironmentError if the kernel has something else afterwards
 */
export async function configureInterface(place: ConfigurePlace, config: InterfaceConfig, wait: Partial<Wait>): Promise<void> {
  const { node, device } = place;
  const [conflict] = interfaceConflicts(config);
  if (conflict) {
    const { path, expected } = conflict;
    throw new UsageError(`${node}: expected ${path.join('.')} of ${device} to be ${expected}, got ${foundAt(config, path)}`);
  }
  const commands = configureCommands(device, config);
  const script = [removeVlans(device), configureScript(commands)].join('\n');
  await configure(place, { script, commands, problems: (printed) => configurationProblems(device, config, printed) }, wait);
}

/** How to change the configuration of a node, and what to check afterwards. */
export interface Change {
  readonly script: string;
  /** those of ip(8) in the script */
  readonly commands: readonly string[];
  /** what is wrong according to what the script has printed, each as `expected …, got …` */
  readonly problems: (printed: string) => readonly string[];
}

/** @throws ExecError if the kernel refuses a command, EnvironmentError if it has something else afterwards */
export async function configure({ node, shell }: InterfacePlace, change: Change, wait: Partial<Wait>): Promise<void> {
  const printed = await shell(change.script, wait, 'usage').catch((error: unknown) => {
    throw error instanceof ExecError ? refusal(node, change.commands, error) : error;
  });
  const problems = change.problems(printed);
  if (problems.length === 0) return;
  const advice = 'The kernel accepted the configuration, so another program on this machine or the node has changed it';
  throw new EnvironmentError(`${node}: ${problems.join('; ')}. ${advice}`);
}

/** The error of the command that the kernel refused, instead of that of the whole script. */
function refusal(node: string, commands: readonly string[], error: ExecError): ExecError {
  const [line, number] = /^Command failed -:(\d+)\n?/m.exec(error.stderr) ?? [];
  const command = commands[Number(number) - 1];
  if (line === undefined || command === undefined) return error;
  const stderr = error.stderr.replace(line, '');
  return new ExecError(node, ['ip', ...command.split(' ')], exitStatusOf(error.exitStatus), '', stderr, 'usage');
}
