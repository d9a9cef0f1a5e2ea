// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { EnvironmentError } from '../../core/errors.ts';
import { Container, Engine } from '../../docker/index.ts';
import { imageNamed, resolveImages } from '../../images/index.ts';
import { sessionFiles } from '../../session/index.ts';
import { jobPaths, runIdOf } from './paths.ts';
import { projectDirectory, type Surroundings } from './plan.ts';

/** Where the files of the testbed go, relative to the project: `artifacts:paths` takes them from there. */
export const artifactFolder = 'alpy-out/testbed';

const copyTimeoutMs = 300_000;

/**
 * Copies captures, console logs and events into the project. In a container that sees nothing but the two folders: the job
 * may have put a link in the way, which then leads nowhere.
 * @throws EnvironmentError when they cannot be copied
 */
export async function collectFiles(around: Surroundings, signal: AbortSignal): Promise<void> {
  const { settings, job, env } = around;
  const paths = jobPaths(settings, job);
  const from = join(paths.session, sessionFiles.testbed);
  if (!existsSync(from)) return; // no testbed was begun
  await runTool(
    around,
    'mkdir -p "$1" && cp -R /alpy/testbed/. "$1" && chmod -R a+rX "$1"',
    [join(projectDirectory(around), artifactFolder)],
    {
      mounts: [
        { source: from, target: '/alpy/testbed', readOnly: true },
        { source: paths.builds, target: paths.builds, readOnly: false },
      ],
      what: 'copy the files of the testbed into the project',
      images: resolveImages(env, settings.alpyImages),
      signal,
    },
  );
}

/**
 * Empties a folder that may hold files of root's, made in containers.
 * @throws EnvironmentError when it cannot be emptied
 */
export async function emptyFolder(around: Surroundings, folder: string, signal: AbortSignal): Promise<void> {
  const { settings, env } = around;
  await runTool(around, 'find /alpy/folder -mindepth 1 -delete', [], {
    mounts: [{ source: folder, target: '/alpy/folder', readOnly: false }],
    what: `empty ${folder}`,
    images: resolveImages(env, settings.alpyImages),
    signal,
  });
}

async function runTool(
  { job }: Surroundings,
  script: string,
  args: readonly string[],
  options: {
    readonly mounts: readonly { readonly source: string; readonly target: string; readonly readOnly: boolean }[];
    readonly what: string;
    readonly images: ReturnType<typeof resolveImages>;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  using engine = await Engine.connect({ runId: runIdOf(job), jobId: String(job.id) });
  const image = imageNamed(options.images, 'node').reference;
  const entrypoint = ['sh', '-ec', script, 'sh'];
  const spec = { name: 'files', image, entrypoint, command: args, networkMode: 'none', mounts: options.mounts };
  await using container = await Container.start(engine, spec, options.signal);
  container.expectExit();
  const wait = { timeoutMs: copyTimeoutMs, signal: options.signal };
  const [said, status] = await Promise.all([text(container.stderr), container.waitForExit(wait)]);
  if (status.code !== 0) throw new EnvironmentError(`cannot ${options.what}: ${said.trim() || status.text}`);
}
