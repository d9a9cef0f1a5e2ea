// SPDX-License-Identifier: GPL-3.0-or-later
// Faults of a device: reset button, crash, power cut, frozen processor.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Node } from '../../src/network/index.ts';
import type { Dut, Testbed } from '../../src/testbed/index.ts';
import { TestHost, rabbit } from '../support/testbeds.ts';

let testHost: TestHost;
let testbed: Testbed;
let dut: Dut;
let node: Node;

beforeAll(async () => {
  testHost = await TestHost.open();
  testbed = await testHost.testbed(rabbit(), 1);
  ({ dut } = testbed);
  [node] = testbed.nodes as unknown as [Node];
  await dut.boot();
  await node.configure({ address: '192.168.1.2/24' });
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
});

const setUpGuest = async (): Promise<void> => {
  await dut.shell.run('ip address replace 192.168.1.1/24 dev eth0 && ip link set eth0 up');
};

const carrier = async (): Promise<string> => (await node.run('cat /sys/class/net/eth0/carrier')).stdout.trim();

test('a frozen guest answers nothing, keeps its carrier, and goes on where it was', async () => {
  await setUpGuest();
  await node.ping('192.168.1.1');
  const startMs = performance.now();
  const before = (await dut.shell.run('cat /proc/uptime')).output;
  let frozenMs = 0;
  {
    await using _frozen = await dut.freeze();
    const sinceMs = performance.now();
    expect(await dut.isRunning()).toBe(false);
    expect(await carrier()).toBe('1');
    expect(await node.ping('192.168.1.1', { timeoutMs: 3000 })).toMatchObject({ received: 0 });
    frozenMs = performance.now() - sinceMs;
  }
  expect(await node.ping('192.168.1.1', { count: 2 })).toMatchObject({ received: 2 });
  const after = (await dut.shell.run('cat /proc/uptime')).output;
  const awakeMs = performance.now() - startMs - frozenMs;
  expect(frozenMs).toBeGreaterThan(2000);
  expect(1000 * (Number.parseFloat(after) - Number.parseFloat(before))).toBeLessThan(awakeMs + 500); // it did not notice those seconds
});

test('a power cut loses what was only in memory, keeps what was on the disk, and takes the carrier away', async () => {
  await dut.shell.run('echo old >/root/synced; echo memory >/run/volatile; sync');
  await dut.shell.run('echo new >/root/unsynced');
  await dut.powerCut();
  expect(await dut.isRunning()).toBe(false);
  expect(await carrier()).toBe('0');
  expect(() => dut.shell).toThrow(expect.objectContaining({ code: 'ALPY_USAGE' }) as Error);
  await dut.powerOn();
  await dut.login();
  expect(await carrier()).toBe('1');
  const { output } = await dut.shell.run('cat /root/synced; cat /root/unsynced /run/volatile 2>/dev/null', { check: false });
  expect(output).toBe('old');
  expect(dut.failure).toBeUndefined();
});

test('a guest that is set to panics when its NMI button is pressed, and boots after a reset', async () => {
  await expect(dut.crash({ timeoutMs: 2000 })).rejects.toMatchObject({
    code: 'ALPY_USAGE',
    message: expect.stringContaining('sysctl -w kernel.unknown_nmi_panic=1') as string,
  });
  await dut.shell.run('sysctl -w kernel.unknown_nmi_panic=1 kernel.panic=0');
  await dut.crash();
  expect(dut.failure).toBeUndefined();
  await dut.reset();
  await dut.login();
  expect((await dut.shell.run('hostname')).output).toBe('rabbit');
});

test('a guest that reboots after a panic does so after a crash', async () => {
  await dut.shell.run('sysctl -w kernel.unknown_nmi_panic=1 kernel.panic=1');
  await dut.crash();
  await dut.waitForReboot();
  await dut.login();
  expect((await dut.shell.run('cut -d . -f 1 /proc/uptime')).output).toMatch(/^\d{1,3}$/);
  expect(dut.failure).toBeUndefined();
  await dut.powerDown();
  await testbed.close(); // nothing of all this is a failure
});
