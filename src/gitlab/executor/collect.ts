// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sessionFiles } from '../../session/index.ts';
import { jobPaths } from './paths.ts';
import { projectDirectory, type Surroundings } from './plan.ts';
import { runTool, type ToolPlace } from './tool.ts';

/** Where the files of the testbed go, relative to the project: `artifacts:paths` takes them from there. */
export const artifactFolder = 'alpy-out/testbed';

/**
 * Copies captures, console logs and events into the project. In a container that sees nothing but the two folders: the job
 * may have put a link in the way, which then leads nowhere.
 * @throws EnvironmentError when they cannot be copied
 */
export async function collectFiles(around: Surroundings, signal: AbortSignal): Promise<void> {
  const { settings, job } = around;
  const paths = jobPaths(settings, job);
  const from = join(paths.session, sessionFiles.testbed);
  if (!existsSync(from)) return; // no testbed was begun
  const task = {
    script: 'mkdir -p "$1" && cp -R /alpy/testbed/. "$1" && chmod -R a+rX "$1"',
    args: [join(projectDirectory(around), artifactFolder)],
    mounts: [
      { source: from, target: '/alpy/testbed', readOnly: true },
      { source: paths.builds, target: paths.builds, readOnly: false },
    ],
    what: 'copy the files of the testbed into the project',
  };
  await runTool(around, task, signal);
}

/**
 * Empties a folder that may hold files of root's, made in containers.
 * @throws EnvironmentError when it cannot be emptied
 */
export async function emptyFolder(around: ToolPlace, folder: string, signal: AbortSignal): Promise<void> {
  const mounts = [{ source: folder, target: '/alpy/folder', readOnly: false }];
  const script = 'find /alpy/folder -mindepth 1 -delete';
  await runTool(around, { script, args: [], mounts, what: `empty ${folder}` }, signal);
}
