// SPDX-License-Identifier: GPL-3.0-or-later
import { constants } from 'node:fs';
import { dirname } from 'node:path';
import { longestSocketPath } from '../core/socket-path.ts';
import { longestSocketOf, type Settings } from '../gitlab/executor/index.ts';
import { hasAccess } from './file-access.ts';
import { failure, type Finding } from './finding.ts';

/** Checks whether the driver can write to the folder for its jobs, or create it. */
export async function checkJobsFolder({ root, file }: Settings): Promise<Finding> {
  const name = 'folder';
  let existing = root;
  while (!(await hasAccess(existing, constants.F_OK)) && existing !== '/') existing = dirname(existing);
  if (await hasAccess(existing, constants.W_OK | constants.X_OK))
    return { name, result: 'ok', text: existing === root ? root : `${root} will be created` };
  return failure(
    name,
    `${root}: ${existing} is not writable`,
    `run this as the user that runs GitLab Runner, or change root in ${file}`,
  );
}

/** Checks whether the paths of sockets below that folder are short enough for the kernel. Pure. */
export function checkPathLength(settings: Settings): Finding {
  const name = 'length of paths';
  const length = Buffer.byteLength(longestSocketOf(settings));
  const text = `sockets of jobs have up to ${length} of ${longestSocketPath} bytes`;
  if (length <= longestSocketPath) return { name, result: 'ok', text };
  return failure(name, text, `choose a root that is ${length - longestSocketPath} bytes shorter in ${settings.file}`);
}
