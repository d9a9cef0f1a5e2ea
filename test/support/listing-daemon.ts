// SPDX-License-Identifier: GPL-3.0-or-later
import { onTestFinished } from 'vitest';
import { FakeDaemon } from './fake-daemon.ts';

/** A container that the daemon lists. */
export interface Listed {
  readonly name: string;
  readonly run: string;
  readonly state?: string;
  readonly owner?: string | undefined;
  readonly ageS?: number;
  /** default: a name of alpy's */
  readonly names?: readonly string[];
}

const nowS = 1_800_000_000;

/**
 * A daemon with these containers, until the test ends. It lists a container until that is removed.
 * @returns `removed`: the names of those that it was asked to remove
 */
export async function listingDaemon(containers: readonly Listed[]): Promise<{ socketPath: string; removed: string[] }> {
  const removed: string[] = [];
  const daemon = await FakeDaemon.open((request, response) => {
    const url = decodeURIComponent(request.url ?? '');
    if (request.method === 'DELETE') {
      removed.push(/\/containers\/([^?]*)/.exec(url)?.[1] ?? '');
      response.writeHead(204).end();
    } else if (url.startsWith('/containers/json')) {
      const ofRun = /io\.alpy\.run=(\w+)/.exec(url)?.[1];
      const left = containers.filter(({ name, run }) => !removed.includes(name) && (ofRun === undefined || run === ofRun));
      response.end(JSON.stringify(left.map(asListed)));
    } else if (url === '/info') response.end(JSON.stringify({ SystemTime: new Date(nowS * 1000).toISOString() }));
    else return false;
    return true;
  });
  onTestFinished(() => daemon[Symbol.asyncDispose]());
  return { socketPath: daemon.socketPath, removed };
}

function asListed({ name, run, state = 'created', owner, ageS = 0, names = [`/alpy-${run}-1-1-${name}`] }: Listed): object {
  return {
    Id: name,
    Names: names,
    State: state,
    Created: nowS - ageS,
    Labels: { 'io.alpy.run': run, ...(owner === undefined ? {} : { 'io.alpy.owner': owner }) },
  };
}
