// SPDX-License-Identifier: GPL-3.0-or-later
import { text } from 'node:stream/consumers';
import { EnvironmentError } from '../../../core/errors.ts';
import { Container, helperLimits, Engine, type Mount } from '../../../docker/index.ts';
import { imageNamed, resolveImages } from '../../../images/index.ts';
import type { DriverContext } from '../driver-context.ts';
import { runIdOf } from '../paths.ts';

/** For which job a file script runs, and with which settings. */
export type FileScriptContext = Pick<DriverContext, 'settings' | 'env'> & {
  readonly job: Pick<DriverContext['job'], 'key' | 'id'>;
};

/** A script that handles files which a job may have tampered with. */
export interface FileScript {
  /** for `sh` */
  readonly script: string;
  /** its `$1`, `$2`, … */
  readonly args: readonly string[];
  readonly mounts: readonly Mount[];
  /** completes "cannot …" in messages */
  readonly what: string;
}

const timeoutMs = 300_000;

/**
 * Runs the script in a container that sees only its mounts. A link that points out of them leads nowhere.
 * @returns what the script printed
 * @throws EnvironmentError when it fails
 */
export async function runFileScript(
  { settings, job, env }: FileScriptContext,
  { script, args, mounts, what }: FileScript,
  signal: AbortSignal,
): Promise<string> {
  using engine = await Engine.connect({ runId: runIdOf(job), jobId: String(job.id) });
  const image = imageNamed(resolveImages(env, settings.alpyImages), 'node').reference;
  const entrypoint = ['sh', '-ec', script, 'sh'];
  const spec = {
    name: 'files',
    image,
    entrypoint,
    command: args,
    networkMode: 'bare',
    mounts,
    dropAllCapabilities: true,
    addCapabilities: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'], // a job's files belong to any user
    ...helperLimits,
    memoryMiB: 256, // a job may have created any number of files
  };
  await using container = await Container.start(engine, spec, signal);
  container.expectExit();
  const outputs = [text(container.stdout), text(container.stderr)];
  const [status, output = '', errorOutput = ''] = await Promise.all([container.waitForExit({ timeoutMs, signal }), ...outputs]);
  if (status.code !== 0) throw new EnvironmentError(`cannot ${what}: ${errorOutput.trim() || status.text}`);
  return output;
}
