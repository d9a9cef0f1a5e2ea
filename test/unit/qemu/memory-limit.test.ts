// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { qemuMemoryMiB } from '../../../src/qemu/memory-limit.ts';

const own = qemuMemoryMiB({ memoryMiB: 0, extra: [] });

test.each([
  { extra: [], guestMiB: 64 },
  { extra: ['-device', 'no-such-device'], guestMiB: 64 },
  { extra: ['-m', '4G'], guestMiB: 4096 },
  { extra: ['-m', '256'], guestMiB: 256 },
  { extra: ['-m', '16'], guestMiB: 64 },
  { extra: ['-m', 'size=1G,slots=2,maxmem=2G'], guestMiB: 2048 },
  { extra: ['-m', 'much'], guestMiB: 64 },
  { extra: ['-object', 'memory-backend-ram,id=more,size=1G', '-object', 'rng-random,id=rng'], guestMiB: 64 + 1024 },
  { extra: ['-object', '{"qom-type":"memory-backend-ram","id":"more","size":1048576}'], guestMiB: 64 + 1 },
  { extra: ['-accel', 'tcg,tb-size=512'], guestMiB: 64 + 512 },
])('with $extra, the limit is that of a guest with $guestMiB MiB', ({ extra, guestMiB }) => {
  expect(qemuMemoryMiB({ memoryMiB: 64, extra })).toBe(guestMiB + own);
});
