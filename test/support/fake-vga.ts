// SPDX-License-Identifier: GPL-3.0-or-later
import type { FakeQemu } from './fake-qemu.ts';

/** A guest's VGA behind {@link FakeQemu}: answers the commands of QEMU's monitor that read it, and keeps the indices it was left with. */
export class FakeVga {
  /** indices of the registers that the guest has chosen, by port */
  readonly index = new Map([
    [0x3d4, 0x0f],
    [0x3ce, 0x04],
  ]);
  readonly registers = new Map<number, ReadonlyMap<number, number>>();
  /** commands other than the monitor's */
  readonly commands: string[] = [];
  #isRunning = true;
  readonly #memory = Buffer.alloc(0x8000);

  /** @param start - the first character on the screen */
  constructor(lines: readonly string[], { isGraphic = false, start = 0 } = {}) {
    this.registers.set(0x3ce, new Map([[6, isGraphic ? 0x05 : 0x0e]]));
    // 80 columns and 25 rows of 16 lines
    const layout: readonly (readonly [number, number])[] = [
      [0x01, 79],
      [0x07, 0x1f],
      [0x09, 0x4f],
      [0x0c, start >> 8],
      [0x0d, start & 0xff],
      [0x12, 0x8f],
    ];
    this.registers.set(0x3d4, new Map(layout));
    const text = lines.map((line) => line.padEnd(80)).join('');
    Buffer.from(text, 'latin1').forEach((byte, at) => this.#memory.writeUInt16LE(0x0700 | byte, (start + at) * 2));
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Answers until the connection ends. */
  async serve(qemu: FakeQemu): Promise<never> {
    for (;;) {
      const { id, execute, arguments: args } = await qemu.next();
      if (execute !== 'human-monitor-command') this.commands.push(execute);
      if (execute === 'stop') this.#isRunning = false;
      if (execute === 'cont') this.#isRunning = true;
      const answer =
        execute === 'query-status' ? { running: this.#isRunning } : this.#monitor(args?.['command-line'] as string | undefined);
      qemu.send({ return: answer, id });
    }
  }

  #monitor(line = ''): string {
    const {
      verb,
      address = '',
      index,
    } = /^(?<verb>[io]) \/b (?<address>0x[0-9a-f]+)(?:[. ](?<index>0x[0-9a-f]+))?$/.exec(line)?.groups ?? {};
    const port = Number(address);
    if (verb === 'o') this.index.set(port, Number(index));
    if (verb === 'i' && index === undefined) return `portb[${address}] = 0x${(this.index.get(port) ?? 0).toString(16)}\r\n`;
    if (verb === 'i') {
      this.index.set(port, Number(index));
      return `portb[0x0${(port + 1).toString(16)}] = 0x${(this.registers.get(port)?.get(Number(index)) ?? 0xff).toString(16)}\r\n`;
    }
    const { count, from } = /^xp \/(?<count>\d+)xh (?<from>0x[0-9a-f]+)$/.exec(line)?.groups ?? {};
    if (from === undefined) return '';
    const words = Array.from({ length: Number(count) }, (_, at) => this.#memory.readUInt16LE(Number(from) - 0xb8000 + at * 2));
    const rows = Array.from({ length: Math.ceil(words.length / 8) }, (_, row) => words.slice(row * 8, row * 8 + 8));
    return rows
      .map((row, at) => {
        const address = (Number(from) + at * 16).toString(16).padStart(16, '0');
        return `${address}: ${row.map((word) => `0x${word.toString(16).padStart(4, '0')}`).join(' ')}\r\n`;
      })
      .join('');
  }
}
