// SPDX-License-Identifier: GPL-3.0-or-later
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { sender } from '../../../../src/network/probe/programs.ts';

test('the sender of a flow ends with its standard input, also if it is always late', () => {
  const words = ['0011223344556677', '127.0.0.1', '9', '1', '64']; // a datagram each ns
  // its input is /dev/null, which has ended before it starts; a pipe ends when this process gets to it
  const { status, stdout } = spawnSync('perl', ['-e', sender, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  expect({ status, records: stdout.length / 20 }).toEqual({ status: 0, records: 1 });
});
