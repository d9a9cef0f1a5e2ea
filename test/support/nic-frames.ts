// SPDX-License-Identifier: GPL-3.0-or-later
// Sends frames as a guest's NIC does, and receives what a guest's NIC gets, through filters of QEMU: no guest has to do it.
import { readFile } from 'node:fs/promises';
import { exec, type Container } from '../../src/docker/index.ts';
import type { QmpClient } from '../../src/qemu/index.ts';

const wait = { timeoutMs: 60_000 };

/** A NIC of a device whose virtual CPU runs. */
export class NicFrames {
  readonly #qmp: QmpClient;
  readonly #container: Container;
  readonly #id: string;

  private constructor(qmp: QmpClient, container: Container, netdev: string) {
    this.#qmp = qmp;
    this.#container = container;
    this.#id = `frames-${netdev}`;
  }

  /** Attaches the filters. The guest then gets no frame from this NIC any more. @param netdev - the NIC's backend */
  static async attach(qmp: QmpClient, container: Container, netdev: string): Promise<NicFrames> {
    const frames = new NicFrames(qmp, container, netdev);
    const id = frames.#id;
    const socket = { type: 'unix', data: { path: frames.#socket } };
    await qmp.execute('chardev-add', {
      id: `${id}-in`,
      backend: { type: 'socket', data: { addr: socket, server: true, wait: false } },
    });
    await qmp.execute('chardev-add', { id: `${id}-out`, backend: { type: 'file', data: { out: frames.#file } } });
    const filter = { 'qom-type': 'filter-redirector', netdev };
    await qmp.execute('object-add', { ...filter, id: `${id}-rx`, queue: 'rx', indev: `${id}-in` });
    await qmp.execute('object-add', { ...filter, id: `${id}-tx`, queue: 'tx', outdev: `${id}-out` });
    return frames;
  }

  /** Sends frames, one after the other. */
  async send(frames: readonly Buffer[]): Promise<void> {
    const input = Buffer.concat(frames.flatMap((frame) => [lengthOf(frame), frame]));
    // waits for no answer
    const { exitStatus, stderr } = await exec(
      this.#container,
      { command: ['socat', '-u', '-', `UNIX-CONNECT:${this.#socket}`], input },
      wait,
    );
    if (exitStatus.code !== 0) throw new Error(`socat: ${stderr.toString()}`);
  }

  /** Everything received so far, once it is `count` frames or time is over. */
  async received(count: number, timeoutMs = 20_000): Promise<readonly Buffer[]> {
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      const bytes = await this.#container.read(this.#file, 256 * 1024 ** 2);
      const frames = bytes ? split(bytes) : [];
      if (frames.length >= count || performance.now() > endMs) return frames;
      await this.#qmp.execute('query-status'); // QEMU has turned its main loop once more
    }
  }

  get #socket(): string {
    return `/var/tmp/${this.#id}`;
  }

  get #file(): string {
    return `/var/tmp/${this.#id}.out`;
  }
}

/** The frames in a pcap file. */
export async function framesIn(pcap: string): Promise<readonly Buffer[]> {
  const bytes = await readFile(pcap);
  const frames: Buffer[] = [];
  for (let at = 24; at + 16 <= bytes.length;) {
    const length = bytes.readUInt32LE(at + 8);
    frames.push(bytes.subarray(at + 16, at + 16 + length));
    at += 16 + length;
  }
  return frames;
}

function lengthOf(frame: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(frame.length);
  return length;
}

function split(bytes: Buffer): readonly Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    if (at + 4 + length > bytes.length) break;
    frames.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return frames;
}
