// SPDX-License-Identifier: GPL-3.0-or-later
import { engineEvents } from './engine-events.ts';
import { OutputTail } from './progress.ts';

/** How a build ended. `step` is the instruction that it reached. */
export type BuildOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly step: string; readonly reason: string; readonly lastLines: readonly string[] };

/** Reads the output of the classic builder to its end. */
export async function followBuild(stream: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<BuildOutcome> {
  let step = 'send the build context';
  const output = new OutputTail((line) => {
    step = /^Step (\d+\/\d+ : .*)$/.exec(line)?.[1] ?? step;
    onLine(line);
  });
  let reason: string | undefined;
  let built = false;
  for await (const event of engineEvents(stream)) {
    output.write(event.stream ?? '');
    if (event.aux?.ID !== undefined || event.stream?.startsWith('Successfully built')) built = true;
    reason ??= event.error;
  }
  const lastLines = output.end();
  if (reason === undefined && built) return { ok: true };
  return { ok: false, step, reason: reason ?? 'the daemon stopped sending output before the build was done', lastLines };
}

const network =
  /Temporary failure resolving|Could not resolve|Could not connect|Unable to connect|Failed to fetch|Connection timed out|503 {2}/;

/** What to try after a failed build: fix the network, or build by hand. Pure. */
export function nextToTry(lastLines: readonly string[], byHand: string): string {
  return lastLines.some((line) => network.test(line))
    ? 'the Debian mirror is unreachable: set http_proxy, or ALPY_DEBIAN_MIRROR to another mirror, or BASE_IMAGE to a base image that uses one'
    : byHand;
}
