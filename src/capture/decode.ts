// SPDX-License-Identifier: GPL-3.0-or-later
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { UsageError } from '../core/errors.ts';
import { startExec, type Container, type Execution } from '../docker/index.ts';
import { CaptureError } from './errors.ts';
import { parseFrame, tsharkArguments, type Frame } from './frame.ts';
import { PcapRewriter, type TrueTime } from './pcap.ts';

/** A pcap that grows, and where tshark can read it. */
export interface CaptureSource {
  /** for messages: `link0` */
  readonly name: string;
  /** container that sees the file and has tshark */
  readonly container: Container;
  /** path of the file in that container */
  readonly path: string;
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
  const read = query.follow ? ['tail', '-c', '+1', '-f', source.path] : ['cat', source.path];
  const [reader, tshark] = await Promise.all([
    startExec(source.container, { command: read }, signal),
    startExec(source.container, { command: tsharkArguments(query.filter, query.fields) }, signal),
  ]);
  const close = (): void => {
    reader.close();
    tshark.close();
  };
  signal.addEventListener('abort', close, { once: true });
  try {
    reader.stderr.resume();
    const complaint = text(tshark.stderr);
    const copied = copyRecords(reader, tshark, source.trueTime);
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

async function copyRecords(from: Execution, to: Execution, trueTime: TrueTime): Promise<void> {
  const rewriter = new PcapRewriter(trueTime);
  for await (const chunk of from.stdout) {
    const records = rewriter.push(chunk as Buffer);
    if (records.length > 0 && !to.stdin.destroyed) to.stdin.write(records);
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
