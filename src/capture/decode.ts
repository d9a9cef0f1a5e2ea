// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { UsageError } from '../core/errors.ts';
import { startExec, type Container, type Execution } from '../docker/index.ts';
import { CaptureError } from './errors.ts';
import { parseFrame, tsharkArguments, type Frame } from './frame.ts';
import { readLive } from './read-live.ts';
import { PcapRewriter, type TrueTime } from './pcap.ts';

/** A pcap that grows, and where tshark can read it. */
export interface CaptureSource {
  /** for messages: `link0` */
  readonly name: string;
  /** container that sees the file and has tshark */
  readonly container: Container;
  /** path of the file in that container */
  readonly path: string;
  /** its path here; absent where the container has it for itself */
  readonly file?: string | undefined;
  readonly trueTime: TrueTime;
}

/** What to look for. */
export interface FrameQuery {
  /** display filter of Wireshark; empty for all frames */
  readonly filter: string;
  readonly fields: readonly string[];
  /** whether to go on with frames that are still to come */
  readonly follow: boolean;
}

/**
 * The frames that pass a filter, as they are decoded. With `follow` it ends only with the signal.
 * @throws UsageError when tshark does not understand the filter or a field
 * @throws CaptureError when the file is no pcap, or tshark fails on it
 */
export async function* decodeFrames(source: CaptureSource, query: FrameQuery, signal: AbortSignal): AsyncGenerator<Frame, void> {
  const command = tsharkArguments(query.filter, query.fields);
  const [reader, tshark] = await Promise.all([
    openReader(source, query.follow, signal),
    startExec(source.container, { command }, signal),
  ]);
  const close = (): void => {
    reader.close();
    tshark.close();
  };
  signal.addEventListener('abort', close, { once: true });
  try {
    const complaint = text(tshark.stderr);
    const copied = copyRecords(reader.bytes, tshark, source.trueTime);
    copied.catch(() => {
      tshark.close(); // ends the loop below
    });
    for await (const line of createInterface({ input: tshark.stdout })) yield parseFrame(line, query.fields);
    signal.throwIfAborted();
    if (query.follow) reader.close();
    await copied;
    const { code } = await tshark.exited;
    if (code !== 0) throw complaintOf(source.name, query, await complaint);
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

interface Reader {
  readonly bytes: AsyncIterable<unknown>;
  readonly close: () => void;
}

/** Reads the capture as it grows: here, or in QEMU's container where its files are not ours. */
async function openReader({ container, path, file }: CaptureSource, follow: boolean, signal: AbortSignal): Promise<Reader> {
  if (file !== undefined) {
    const end = new AbortController();
    const close = (): void => {
      end.abort();
    };
    return { bytes: readLive(file, follow, AbortSignal.any([signal, end.signal])), close };
  }
  const command = follow ? ['tail', '-c', '+1', '-f', path] : ['cat', path];
  const execution = await startExec(container, { command }, signal);
  execution.stderr.resume();
  return { bytes: execution.stdout, close: execution.close };
}

async function copyRecords(from: AsyncIterable<unknown>, to: Execution, trueTime: TrueTime): Promise<void> {
  const rewriter = new PcapRewriter(trueTime);
  for await (const chunk of from) {
    const records = rewriter.push(chunk as Buffer);
    if (records.length === 0 || to.stdin.destroyed) continue;
    if (!to.stdin.write(records)) await Promise.race([once(to.stdin, 'drain'), once(to.stdin, 'close')]);
  }
  to.stdin.end();
}

function complaintOf(name: string, { filter, fields }: FrameQuery, stderr: string): Error {
  const said = stderr.replace(/^Running as user .*\n?/m, '').trim();
  if (/filter|not a valid|field/i.test(said)) {
    return new UsageError(
      `${name}: tshark does not understand the filter "${filter}"${fields.length > 0 ? ` or the fields ${fields.join(', ')}` : ''}: ${said}`,
    );
  }
  return new CaptureError(`${name}: tshark failed: ${said || 'it gave no reason'}`);
}
