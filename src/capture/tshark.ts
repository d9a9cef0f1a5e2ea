// SPDX-License-Identifier: GPL-3.0-or-later
import { text } from 'node:stream/consumers';
import { UsageError } from '../core/errors.ts';
import { startExec, type Container, type Execution } from '../docker/index.ts';
import type { Decoder } from './decoder.ts';
import { drained } from './drained.ts';
import { CaptureError } from './errors.ts';
import { parseFrame, tsharkCommand, type Frame, type FrameQuery } from './frame.ts';
import { linesOf } from './lines.ts';
import { areSet } from './preferences.ts';
import { readLive } from './read-live.ts';
import { PcapRewriter, type ToWallClock } from './pcap.ts';

/** A growing pcap, and where tshark can read it. */
export interface CaptureSource {
  /** for messages: `link0` */
  readonly name: string;
  /** container that sees the file and has tshark */
  readonly container: Container;
  /** path of the file in that container */
  readonly path: string;
  /** its path on this machine; absent if only the container sees it */
  readonly file?: string | undefined;
  readonly toWallClock: ToWallClock;
  /** answers most queries without starting tshark; absent to use tshark for all of them */
  readonly decoder?: Decoder | undefined;
}

/**
 * Yields the frames that pass a filter, decoded by tshark in QEMU's container. With `follow` it ends only when the signal fires.
 * Ignores the query's limit.
 * @returns how many frames tshark has read
 * @throws UsageError when tshark does not understand the filter or a field
 * @throws CaptureError when the file is not a pcap, or tshark fails on it
 */
export async function* decodeByTshark(
  source: CaptureSource,
  query: FrameQuery,
  { follow, signal }: { readonly follow: boolean; readonly signal: AbortSignal },
): AsyncGenerator<Frame, number> {
  const [reader, tshark] = await Promise.all([
    openReader(source, follow, signal),
    startExec(source.container, { command: tsharkCommand(query, follow) }, signal),
  ]);
  const close = (): void => {
    reader.close();
    tshark.close();
  };
  signal.addEventListener('abort', close, { once: true });
  try {
    const errorOutput = text(tshark.stderr);
    const copied = copyRecords(reader.bytes, tshark, source.toWallClock);
    copied.catch(() => {
      tshark.close(); // ends the loop below
    });
    for await (const line of linesOf(tshark.stdout)) yield parseFrame(line, query.fields);
    signal.throwIfAborted();
    if (follow) reader.close();
    const looked = await copied;
    const { code } = await tshark.exited;
    if (code !== 0) throw errorFrom(source.name, query, code, await errorOutput);
    return looked;
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

interface Reader {
  readonly bytes: AsyncIterable<unknown>;
  readonly close: () => void;
}

/** Reads the capture as it grows: on this machine, or in QEMU's container if only that sees it. */
async function openReader({ container, path, file }: CaptureSource, follow: boolean, signal: AbortSignal): Promise<Reader> {
  if (file !== undefined) {
    const end = new AbortController();
    const close = (): void => {
      end.abort();
    };
    return { bytes: readLive(file, follow, AbortSignal.any([signal, end.signal])), close };
  }
  const command = follow ? ['tail', '-c', '+1', '-f', path] : ['sh', '-c', soFar, path];
  const execution = await startExec(container, { command }, signal);
  execution.stderr.resume();
  return { bytes: execution.stdout, close: execution.close };
}

/** Prints what a file contains now, but not what QEMU writes meanwhile. */
const soFar = 'head -c "$(stat -c %s -- "$0")" -- "$0"';

async function copyRecords(from: AsyncIterable<unknown>, to: Execution, toWallClock: ToWallClock): Promise<number> {
  const rewriter = new PcapRewriter(toWallClock);
  for await (const chunk of from) {
    const records = rewriter.push(chunk as Buffer);
    if (records.length === 0 || to.stdin.destroyed) continue;
    if (!to.stdin.write(records)) await drained(to.stdin);
  }
  to.stdin.end();
  return rewriter.records;
}

/** Exit status of tshark for a filter that it does not understand: WS_EXIT_INVALID_FILTER of Wireshark's include/ws_exit_codes.h. */
const invalidFilter = 4;

/** The same for a wrong option: WS_EXIT_INVALID_OPTION. */
const invalidOption = 1;

function errorFrom(name: string, { filter, fields, ...decoding }: FrameQuery, code: number, stderr: string): Error {
  const reason = stderr
    .replace(/^Running as user .*\n?/m, '')
    .replace(/^tshark: /, '')
    .trimEnd();
  const [first = '', ...more] = reason.split('\n'); // for a filter, the other lines mark the mistake
  const details = more.length === 0 ? [] : [{ title: 'Wireshark also says', lines: more.slice(0, 20) }];
  if (code === invalidOption && areSet(decoding))
    return new UsageError(`${name}: Wireshark does not understand decodeAs or preferences: ${first}`, { details });
  if (code === invalidFilter || /filter|not a valid|field/i.test(reason)) {
    const what = `the filter "${filter}"${fields.length > 0 ? ` or the fields ${fields.join(', ')}` : ''}`;
    return new UsageError(`${name}: Wireshark does not understand ${what}: ${first}`, { details });
  }
  return new CaptureError(`${name}: tshark failed: ${reason || 'it gave no reason'}`);
}
