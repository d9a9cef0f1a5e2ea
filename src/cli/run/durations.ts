// SPDX-License-Identifier: GPL-3.0-or-later
import { posix, relative } from 'node:path';
import { slashes } from '../../core/text.ts';
import { valueOf } from '../../core/variables.ts';
import type { CliIo } from '../io.ts';

/** How long each test file took in the last pipeline, by its name in reports. Prints why and returns `undefined` if GitLab does not provide it. */
export async function shardDurations(io: CliIo, total: number): Promise<ReadonlyMap<string, number> | undefined> {
  if (total === 1) return undefined;
  const { GitLabApi, GitLabError, jobContext, tokenOf } = await import('../../gitlab/index.ts');
  const [context, token] = [jobContext(io.env), tokenOf(io.env)];
  if (context === undefined || token === undefined) return undefined;
  try {
    const durations = await new GitLabApi(context, token).pipelineTestDurations(io.signal);
    const folder = slashes(relative(valueOf(io.env, 'CI_PROJECT_DIR') ?? io.directory, io.directory));
    return new Map([...durations].map(([file, seconds]) => [posix.relative(`/${folder}`, `/${file}`), seconds]));
  } catch (error) {
    if (!(error instanceof GitLabError)) throw error;
    io.stdout(`shards are balanced by the number of test files: ${error.message}`);
    return undefined;
  }
}
