// SPDX-License-Identifier: GPL-3.0-or-later
// Sends frames as a guest's NIC does, and receives what a guest's NIC gets, through filters of QEMU: no guest has to do it.
import { readFile } from 'node:fs/promises';
import { exec, type Container } from '../../src/docker/index.ts';
import type { QmpClient } from '../../src/qemu/index.ts';

const wait = { timeoutMs: 60_000 };
const chunkBytes = 48 * 1024;

/** A NIC of a device whose virtual CPU runs. */
export class NicFrames {
  readonly #qmp: QmpClient;
  readonly #container: Container;
  readonly #netdev: string;
  readonly #id: string;
  #hasSent = false;

  private constructor(qmp: QmpClient, container: Container, netdev: string) {
    this.#qmp = qmp;
    this.#container = container;
    this.#netdev = netdev;
    this.#id = `frames-${netdev}`;
  }

  /** Attaches the filters. The guest then gets no frame from this NIC any more. @param netdev - the NIC's backend */
  static async attach(qmp: QmpClient, container: Container, netdev: string): Promise<NicFrames> {
    const frames = new NicFrames(qmp, container, netdev);
    const id = frames.#id;
    await frames.#openInput();
    await qmp.execute('chardev-add', { id: `${id}-out`, backend: { type: 'file', data: { out: frames.#file } } });
    const filter = { 'qom-type': 'filter-redirector', netdev };
    await qmp.execute('object-add', { ...filter, id: `${id}-tx`, queue: 'tx', outdev: `${id}-out` });
    return frames;
  }

  async #openInput(): Promise<void> {
    const id = this.#id;
    const addr = { type: 'unix', data: { path: this.#socket } };
    await this.#qmp.execute('chardev-add', {
      id: `${id}-in`,
      backend: { type: 'socket', data: { addr, server: true, wait: false } },
    });
    const filter = { 'qom-type': 'filter-redirector', netdev: this.#netdev, queue: 'rx' };
    await this.#qmp.execute('object-add', { ...filter, id: `${id}-rx`, indev: `${id}-in` });
  }

  /** QEMU 10.0 reads no second connection: its filter gives up the socket at the end of the first (`redirector_chr_event`). */
  async #reopenInput(): Promise<void> {
    await this.#qmp.execute('object-del', { id: `${this.#id}-rx` });
    await this.#qmp.execute('chardev-remove', { id: `${this.#id}-in` });
    await this.#openInput();
  }

  /** Sends frames as fast as QEMU takes them. They lie in a file before that, so that nothing else slows them down. */
  async send(frames: readonly Buffer[]): Promise<void> {
    if (this.#hasSent) await this.#reopenInput();
    this.#hasSent = true;
    const bytes = framed(frames);
    await this.#run(`rm -f ${this.#sent}`);
    for (let at = 0; at < bytes.length; at += chunkBytes)
      await this.#run(`cat >>${this.#sent}`, bytes.subarray(at, at + chunkBytes));
    await this.#run(`socat -u FILE:${this.#sent} UNIX-CONNECT:${this.#socket}`);
  }

  /** How much it has received so far, for {@link NicFrames.receivedSince}. */
  async position(): Promise<number> {
    return Number(await this.#run(`stat -c %s ${this.#file}`));
  }

  /** What it has received after a position, once it is as much as these frames, or time is over. */
  async receivedSince(position: number, expected: readonly Buffer[], timeoutMs = 20_000): Promise<readonly Buffer[]> {
    const [endMs, wanted] = [performance.now() + timeoutMs, position + framed(expected).length];
    while ((await this.position()) < wanted && performance.now() < endMs);
    const bytes = await this.#container.read(this.#file, 256 * 1024 ** 2);
    return bytes ? split(bytes.subarray(position)) : [];
  }

  async #run(script: string, input?: Buffer): Promise<string> {
    const command = ['sh', '-ec', script];
    const { exitStatus, stdout, stderr } = await exec(this.#container, { command, ...(input ? { input } : {}) }, wait);
    if (exitStatus.code !== 0) throw new Error(`${script}: ${stderr.toString()}`);
    return stdout.toString();
  }

  get #socket(): string {
    return `/var/tmp/${this.#id}`;
  }

  get #sent(): string {
    return `/var/tmp/${this.#id}.sent`;
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

/** Frames as QEMU writes them to a socket: each after its length. */
function framed(frames: readonly Buffer[]): Buffer {
  return Buffer.concat(
    frames.flatMap((frame) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(frame.length);
      return [length, frame];
    }),
  );
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
