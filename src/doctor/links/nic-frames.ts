// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import type { Wait } from '../../core/deadline.ts';
import type { FilterPlace } from '../../qemu/index.ts';
import { decodeFrames, encodeFrames } from './encoding.ts';
import type { FrameEnd } from './frame-end.ts';
import { runProgram } from './run-program.ts';

/** What a shell takes as its input at once, in `bytes`. */
const chunkBytes = 48 * 1024;

/**
 * Sends frames as a guest's NIC does, and keeps what a guest's NIC gets, through filters of QEMU: no guest has to do it. The device's
 * virtual CPU must run, else QEMU passes no frames.
 */
export class NicFrames implements FrameEnd {
  readonly keepsSent = false;
  readonly #place: FilterPlace;
  readonly #netdev: string;
  readonly #id: string;
  #hasSent = false;

  private constructor(place: FilterPlace, netdev: string) {
    this.#place = place;
    this.#netdev = netdev;
    this.#id = `frames-${netdev}`;
  }

  /**
   * Attaches the filters, which end with QEMU. The guest then gets no frame from this NIC any more.
   * @param netdev - the NIC's backend in QEMU
   * @throws QmpError when QEMU refuses
   */
  static async attach(place: FilterPlace, netdev: string, wait: Wait): Promise<NicFrames> {
    const frames = new NicFrames(place, netdev);
    const id = frames.#id;
    await frames.#openInput(wait);
    await place.qmp.execute(
      'chardev-add',
      { id: `${id}-out`, backend: { type: 'file', data: { out: frames.#receivedFile } } },
      wait,
    );
    await place.qmp.execute(
      'object-add',
      { 'qom-type': 'filter-redirector', netdev, id: `${id}-tx`, queue: 'tx', outdev: `${id}-out` },
      wait,
    );
    return frames;
  }

  async #openInput(wait: Wait): Promise<void> {
    const [{ qmp }, id] = [this.#place, this.#id];
    const addr = { type: 'unix', data: { path: this.#socket } };
    await qmp.execute(
      'chardev-add',
      { id: `${id}-in`, backend: { type: 'socket', data: { addr, server: true, wait: false } } },
      wait,
    );
    await qmp.execute(
      'object-add',
      { 'qom-type': 'filter-redirector', netdev: this.#netdev, queue: 'rx', id: `${id}-rx`, indev: `${id}-in` },
      wait,
    );
  }

  /** QEMU 10.0 reads no second connection: its filter gives up the socket at the end of the first (`redirector_chr_event`). */
  async #reopenInput(wait: Wait): Promise<void> {
    const { qmp } = this.#place;
    await qmp.execute('object-del', { id: `${this.#id}-rx` }, wait);
    await qmp.execute('chardev-remove', { id: `${this.#id}-in` }, wait);
    await this.#openInput(wait);
  }

  /** Sends frames as fast as QEMU takes them. They are in a file before that, so that nothing else slows them down. */
  async send(frames: readonly Buffer[], wait: Wait): Promise<readonly []> {
    if (this.#hasSent) await this.#reopenInput(wait);
    this.#hasSent = true;
    const bytes = encodeFrames(frames);
    await this.#run(`rm -f ${this.#sentFile}`, wait);
    for (let at = 0; at < bytes.length; at += chunkBytes)
      await this.#run(`cat >>${this.#sentFile}`, wait, bytes.subarray(at, at + chunkBytes));
    await this.#run(`socat -u FILE:${this.#sentFile} UNIX-CONNECT:${this.#socket}`, wait);
    return [];
  }

  /** The frames that it has received so far. */
  async received(wait: Wait): Promise<readonly Buffer[]> {
    return decodeFrames(await this.#run(`cat ${this.#receivedFile}`, wait));
  }

  #run(script: string, wait: Wait, input?: Buffer): Promise<Buffer> {
    return runProgram(this.#place.container, ['sh', '-ec', script], wait, input);
  }

  get #socket(): string {
    return this.#path('in');
  }

  get #sentFile(): string {
    return this.#path('sent');
  }

  get #receivedFile(): string {
    return this.#path('received');
  }

  #path(what: string): string {
    return join(this.#place.scratchDirectory, `${this.#id}.${what}`);
  }
}
