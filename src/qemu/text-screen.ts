// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../core/deadline.ts';
import type { QmpClient } from './qmp.ts';

/** Ports of a VGA's registers: the port takes the index of the register, the next port has its content. */
const ports = { crt: 0x3d4, graphics: 0x3ce } as const;
/** Text memory: 32 KiB, each character followed by its colours. */
const memory = { start: 0xb8000, bytes: 0x8000 } as const;

/**
 * Reads the screen of a guest whose VGA is in text mode. The guest should be stopped, because it uses the same registers.
 * @returns the lines that are not empty; `undefined` in graphics mode
 * @throws QmpError if there is no VGA
 * @throws QmpTimeoutError, QmpClosedError
 */
export async function readTextScreen(qmp: QmpClient, wait: Wait): Promise<readonly string[] | undefined> {
  const monitor = (line: string): Promise<string> =>
    qmp.execute('human-monitor-command', { 'command-line': line }, wait).then(String);
  const indexed = async <T>(port: number, body: (read: (index: number) => Promise<number>) => Promise<T>): Promise<T> => {
    const before = byteIn(await monitor(`i /b ${hex(port)}`));
    const result = await body(async (index) => byteIn(await monitor(`i /b ${hex(port)}.${hex(index)}`)));
    await monitor(`o /b ${hex(port)} ${hex(before)}`);
    return result;
  };
  const isGraphic = await indexed(ports.graphics, async (read) => ((await read(6)) & 1) === 1);
  if (isGraphic) return undefined;
  const { columns, rows, start } = await indexed(ports.crt, readLayout);
  const count = Math.min(columns * rows, memory.bytes / 2 - start);
  const dump = count > 0 ? await monitor(`xp /${count}xh ${hex(memory.start + start * 2)}`) : '';
  return linesIn(dump, columns);
}

/** For the registers see https://wiki.osdev.org/VGA_Hardware */
async function readLayout(
  read: (index: number) => Promise<number>,
): Promise<{ readonly columns: number; readonly rows: number; readonly start: number }> {
  const columns = (await read(0x01)) + 1;
  const overflow = await read(0x07);
  const height = ((await read(0x12)) | ((overflow & 0x02) << 7) | ((overflow & 0x40) << 3)) + 1;
  const rows = Math.floor(height / (((await read(0x09)) & 0x1f) + 1));
  const start = ((await read(0x0c)) << 8) | (await read(0x0d));
  return { columns, rows, start };
}

function linesIn(dump: string, columns: number): readonly string[] {
  const cells = [...dump.matchAll(/ 0x([0-9a-f]{4})/g)].map(([, cell]) => parseInt(cell ?? '', 16) & 0xff);
  const lines: string[] = [];
  for (let at = 0; at < cells.length; at += columns) lines.push(textOf(cells.slice(at, at + columns)));
  return lines.filter((line) => line !== '');
}

/** Decodes ASCII, and the lines and blocks that code pages 437 and 866 share. Firmware does not use the other characters. */
function textOf(cells: readonly number[]): string {
  const isShown = (cell: number): boolean => (cell >= 0x20 && cell < 0x7f) || (cell >= 0xb0 && cell < 0xe0);
  return new TextDecoder('ibm866').decode(Uint8Array.from(cells, (cell) => (isShown(cell) ? cell : 0x20))).trimEnd();
}

function byteIn(answer: string): number {
  const value = /= 0x([0-9a-f]+)/.exec(answer)?.[1];
  if (value === undefined) throw new Error(`the guest has no VGA: ${answer.trim()}`);
  return parseInt(value, 16);
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
