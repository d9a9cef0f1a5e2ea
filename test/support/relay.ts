// SPDX-License-Identifier: GPL-3.0-or-later
// A relay of this machine's Perl, with this process in place of QEMU.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { Relay, relayCommand } from '../../src/qemu/relay/relay.ts';
import type { FrameCounts, RelaySettings } from '../../src/qemu/relay/relay-text.ts';

/** A frame that arrived, and when, by the clock of `performance.now`. */
export interface Arrival {
  readonly frame: Buffer;
  readonly timeMs: number;
}

/** A relay with one direction. */
export class LocalRelay implements AsyncDisposable {
  readonly relay: Relay;
  readonly process: ChildProcess;
  readonly arrivals: Arrival[] = [];
  readonly folder: string;
  readonly #from: Socket;
  readonly #to: Socket;
  #unread = Buffer.alloc(0);
  #onArrival: () => void = () => undefined;

  private constructor(relay: Relay, process: ChildProcess, folder: string, [from, to]: readonly [Socket, Socket]) {
    this.relay = relay;
    this.process = process;
    this.folder = folder;
    this.#from = from;
    this.#to = to;
    for (const stream of [from, to, process.stdin!]) stream.on('error', () => undefined); // a test has killed it
    to.on('data', (chunk: Buffer) => {
      this.#take(chunk);
    });
  }

  static async start(settings: RelaySettings, seed = 1): Promise<LocalRelay> {
    const folder = await mkdtemp(join(tmpdir(), 'alpy-relay-'));
    const sockets = { from: join(folder, 'from'), to: join(folder, 'to') };
    const [program = '', ...args] = relayCommand([{ settings, seed, sockets }]);
    const child = spawn(program, args, { stdio: 'pipe' });
    const { stdin, stdout, stderr } = child;
    const relay = new Relay({ stdin: Duplex.from({ writable: stdin }), stdout, stderr, close: () => child.kill() });
    await relay.ready();
    const ends = [connect(sockets.from), connect(sockets.to)] as const;
    await Promise.all(ends.map((end) => once(end, 'connect')));
    return new LocalRelay(relay, child, folder, ends);
  }

  /** Sends frames as QEMU does. @param bytesAtOnce - length of the pieces in which they are written */
  async send(frames: readonly Buffer[], bytesAtOnce = Infinity): Promise<void> {
    const stream = Buffer.concat(frames.flatMap((frame) => [lengthOf(frame), frame]));
    const step = Math.min(bytesAtOnce, stream.length);
    for (let at = 0; at < stream.length; at += step) {
      if (!this.#from.write(stream.subarray(at, at + step))) await once(this.#from, 'drain');
    }
  }

  /** Waits until a number of frames has arrived. */
  async arrived(count: number): Promise<readonly Arrival[]> {
    while (this.arrivals.length < count) await new Promise<void>((resolve) => (this.#onArrival = resolve));
    return this.arrivals;
  }

  /** Waits until the relay has read a number of frames. Returns its counters. */
  async received(count: number): Promise<FrameCounts> {
    for (;;) {
      const [counts] = await this.relay.counts();
      if (counts!.received >= count) return counts!;
    }
  }

  /** Stops to read what the relay delivers. */
  stopReading(): void {
    this.#to.pause();
  }

  #take(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    const timeMs = performance.now();
    for (;;) {
      const size = this.#unread.length < 4 ? Infinity : this.#unread.readUInt32BE(0);
      if (this.#unread.length < 4 + size) break;
      this.arrivals.push({ frame: this.#unread.subarray(4, 4 + size), timeMs });
      this.#unread = this.#unread.subarray(4 + size);
    }
    this.#onArrival();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.relay.end();
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit');
    this.#from.destroy();
    this.#to.destroy();
    await rm(this.folder, { recursive: true });
  }
}

function lengthOf(frame: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(frame.length);
  return length;
}
