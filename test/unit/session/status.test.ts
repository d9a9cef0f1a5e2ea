// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { parseCommandLine, sessionCommands } from '../../../src/session/index.ts';
import type { Session } from '../../../src/session/session.ts';

const device = (name: string, isRunning: boolean) => ({ name, timeFactor: 1, isRunning: () => Promise.resolve(isRunning) });

/** What `alpy status` prints. */
async function statusOf(...duts: readonly ReturnType<typeof device>[]): Promise<unknown> {
  const testbed = { duts, dut: duts[0], nodes: [], links: [], check: () => undefined };
  const session = { testbed, services: new Map(), directory: '/out' } as unknown as Session;
  const command = sessionCommands.find(({ name }) => name === 'status')!;
  const written: (string | Uint8Array)[] = [];
  const write = (_stream: unknown, text: string | Uint8Array): Promise<void> => {
    written.push(text);
    return Promise.resolve();
  };
  await command.run(session, parseCommandLine(command, []), { args: [], write, signal: new AbortController().signal });
  return JSON.parse(written.join(''));
}

test('`status` says of each device whether it runs, and beside `dut` whether that one does', async () => {
  expect(await statusOf(device('left', true), device('right', false))).toMatchObject({
    dut: 'left',
    isRunning: true,
    duts: [
      { name: 'left', isRunning: true },
      { name: 'right', isRunning: false },
    ],
  });
  expect(await statusOf(device('left', false), device('right', true))).toMatchObject({ dut: 'left', isRunning: false });
});
