// SPDX-License-Identifier: GPL-3.0-or-later
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { junctionArguments, openMonitor } from '../../../src/qemu/junction.ts';
import type { QemuContainer } from '../../../src/qemu/qemu-container.ts';

test('each hub of a junction has its taps as ports, and records the frames at the first', () => {
  const hubs = [
    { taps: ['wire0-0', 'wire0-1'], capture: { id: 'capture0', file: 'a--b.pcap' } },
    { taps: ['wire2-0', 'wire2-1', 'wire2-up'], capture: { id: 'capture2', file: 'lan.pcap' } },
  ];
  const args = junctionArguments(hubs, '/run,a', new Date('2026-01-02T03:04:05.678Z'));
  const valuesOf = (option: string): readonly string[] => args.filter((_, index) => args[index - 1] === option);
  expect(valuesOf('-netdev').filter((one) => one.startsWith('hubport'))).toEqual([
    'hubport,id=wire0-0-port,hubid=0,netdev=wire0-0',
    'hubport,id=wire0-1-port,hubid=0,netdev=wire0-1',
    'hubport,id=wire2-0-port,hubid=1,netdev=wire2-0',
    'hubport,id=wire2-1-port,hubid=1,netdev=wire2-1',
    'hubport,id=wire2-up-port,hubid=1,netdev=wire2-up',
  ]);
  expect(valuesOf('-netdev')[0]).toBe('tap,id=wire0-0,ifname=wire0-0,script=no,downscript=no,vhost=off,vnet_hdr=off');
  expect(valuesOf('-object')).toEqual([
    'filter-dump,id=capture0,netdev=wire0-0,file=/run,,a/a--b.pcap',
    'filter-dump,id=capture2,netdev=wire2-0,file=/run,,a/lan.pcap',
  ]);
  expect(valuesOf('-rtc')).toEqual(['base=2026-01-02T03:04:05,clock=vm']);
  expect(args).toContain('-S');
});

test.each([
  ['does not answer in time', false, 'did not start in time'],
  ['exits', true, 'did not start'],
])('the error of a QEMU that %s has what QEMU printed', async (_, exits, what) => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const container = { runShell: () => Promise.resolve('could not open /dev/net/tun\u0001') } as unknown as QemuContainer;
  if (exits) stdout.end();
  const wait = { timeoutMs: exits ? 60_000 : 20 };
  await expect(openMonitor({ stdin, stdout, stderr }, container, '/run/q0', wait)).rejects.toMatchObject({
    code: 'ALPY_HYPERVISOR',
    message: `QEMU for the links between nodes ${what}: could not open /dev/net/tun`,
    stderr: 'could not open /dev/net/tun',
    fault: 'environment',
  });
});
