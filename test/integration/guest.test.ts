// SPDX-License-Identifier: GPL-3.0-or-later
// A real guest: wiring, captures, console, firmware, NIC models.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { exec } from '../../src/docker/index.ts';
import type { Counters, Node } from '../../src/network/index.ts';
import type { Dut, Link, Testbed } from '../../src/testbed/index.ts';
import { decodeFile } from '../support/decode-file.ts';
import { TestHost, rabbit } from '../support/testbeds.ts';

/** Most by which a record's time may differ from the host's clock, in `ms`. */
const toleranceMs = 20;

let testHost: TestHost;

beforeAll(async () => {
  testHost = await TestHost.open();
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
});

/** Silences both ends of a link, so that two counts agree: a guest sends frames of its own now and then. */
async function silence(dut: Dut, node: Node, { mac }: Link): Promise<Counters> {
  await node.run(
    `for a in $(ip -4 neighbour show dev eth0 | cut -d ' ' -f 1); do ip neighbour replace $a lladdr ${mac} dev eth0 nud permanent; done`,
  );
  await dut.shell.run('true'); // until then QEMU has taken all frames from the tap, and the guest has answered them
  await dut.pause();
  return node.counters();
}

/** Sends TCP and UDP both ways: segments of all lengths, and a datagram. */
async function exchange({ shell }: Dut, node: Node, address: string, nodeAddress: string): Promise<void> {
  await shell.run('(seq 1 5000 | busybox nc -l -p 7777 >/dev/null 2>&1 &)');
  const script = `until exec 3<>/dev/tcp/${address}/7777; do sleep 0.1; done 2>/dev/null # the guest may not listen yet
    seq 1 5000 >&3
    tail -n 1 <&3
    echo datagram >/dev/udp/${address}/9`;
  expect((await node.run(['bash', '-c', script])).stdout).toBe('5000\n');
  await shell.run(`echo datagram | busybox nc -u -w 1 ${nodeAddress} 9`, { check: false });
}

describe('a booted guest', () => {
  let testbed: Testbed;
  let dut: Dut;
  let left: Node;

  beforeAll(async () => {
    testbed = await testHost.testbed(rabbit(), 2);
    ({ dut } = testbed);
    [left] = testbed.nodes as unknown as [Node];
    await dut.boot();
    await left.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  });

  // before each test, since one of them reboots the guest
  beforeEach(async () => {
    await dut.shell.run('ip address replace 192.168.1.1/24 dev eth0 && ip link set eth0 up');
  });

  afterAll(async () => {
    await testbed.close();
  });

  test('returns output and exit status of commands although the kernel prints on the console', async () => {
    const noise = 'i=0; while [ $i -lt 40 ]; do echo "<1>kernel noise $i" >/dev/kmsg; i=$((i+1)); done';
    const { output, exitStatus } = await dut.shell.run(`echo begin; ${noise}; echo end; exit 5`, { check: false });
    expect(exitStatus).toBe(5);
    expect(output.split('\n').filter((line) => line === 'begin' || line === 'end')).toEqual(['begin', 'end']);
    const exact = await dut.shell.run(`echo begin; ${noise}; echo end`, { exact: true });
    expect(exact).toMatchObject({ output: 'begin\nend', exitStatus: 0 });
    await expect(dut.shell.run('ls /nowhere')).rejects.toMatchObject({
      code: 'ALPY_COMMAND',
      command: 'ls /nowhere',
      exitStatus: expect.toBeOneOf([1, 2]) as number,
    });
  });

  test('receives files with any bytes and runs scripts', async () => {
    const bytes = Buffer.from(Array.from({ length: 20_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
    await dut.shell.upload(bytes, '/tmp/file with space');
    const sum = createHash('sha256').update(bytes).digest('hex');
    expect((await dut.shell.run("sha256sum <'/tmp/file with space'")).output).toBe(`${sum}  -`);
    expect(await dut.shell.download('/tmp/file with space')).toEqual(bytes);
    const script = { content: '#!/bin/sh\necho "$# $1"\nexit 3\n' };
    expect(await dut.shell.runScript(script, ["it's", 'b'], { check: false })).toMatchObject({ output: "2 it's", exitStatus: 3 });
  });

  test('has a capture of exactly the frames that the tap counted', async () => {
    const before = await left.counters();
    await left.run('ping -n -q -f -c 1500 -w 60 192.168.1.1', { timeoutMs: 90_000 });
    const after = await silence(dut, left, testbed.links[0]!);
    expect(after.sentFrames - before.sentFrames).toBeGreaterThanOrEqual(1500);
    expect(after.dropped).toBe(0);
    expect(await testbed.links[0]!.capture.count()).toBe(after.receivedFrames + after.sentFrames);
    await dut.start();
  });

  test('has a capture with the times of the host, even after stop and continue', async () => {
    for (const round of [0, 1]) {
      if (round === 1) {
        await dut.pause();
        await dut.waitForStop();
        const stopped = performance.now();
        await left.run('ping -c 1 -W 1 192.168.1.1', { check: false }); // takes a second, in which the guest is halted
        expect(performance.now() - stopped).toBeGreaterThan(900);
        await dut.start();
        await left.ping('192.168.1.1');
      }
      const size = 100 + round; // identifies the echoes of this round
      // with -w, ping waits for five answers however late they are, and sends more requests meanwhile
      const { stdout } = await left.run(`ping -n -D -i 0.2 -c 5 -w 60 -s ${size} 192.168.1.1`);
      const printed = [...stdout.matchAll(/^\[(?<time>[\d.]+)\]/gm)].map(({ groups }) => Number(groups?.['time']) * 1000);
      const replies = await testbed.links[0]!.capture.frames(
        `icmp.type == 0 && icmp.seq <= 5 && data.len >= ${size - 16} && frame.len == ${size + 42}`,
      );
      expect(replies).toHaveLength(5);
      // A busy host delays a single echo; clocks that differ do so for all five.
      const differences = replies.map((reply, index) => Math.abs(reply.timeMs - printed[index]!));
      expect(Math.min(...differences)).toBeLessThan(toleranceMs);
    }
  });

  test('and its node lose their carriers when a link is unplugged, and no frame passes until it is plugged in again', async () => {
    const link = testbed.links[1]!;
    const carriers = async (): Promise<readonly string[]> => [
      (await dut.shell.run('cat /sys/class/net/eth1/carrier')).output,
      (await link.node.run('cat /sys/class/net/eth0/carrier')).stdout.trim(),
    ];
    await dut.shell.run('ip address add 192.168.2.1/24 dev eth1 && ip link set eth1 up');
    await link.node.configure({ address: '192.168.2.2/24' });
    expect(await carriers()).toEqual(['1', '1']);
    for (const isUp of [false, false, true, true, false]) {
      await link.setUp(isUp);
      expect(await carriers()).toEqual(isUp ? ['1', '1'] : ['0', '0']);
    }
    const before = await link.capture.count();
    await dut.shell.run('ping -c 1 -W 1 192.168.2.2', { check: false });
    await link.node.run('ping -c 1 -W 1 192.168.2.1', { check: false });
    expect(await link.capture.count()).toBe(before);
    await Promise.all([true, false, true].map((isUp) => link.setUp(isUp)));
    expect(await carriers()).toEqual(['1', '1']);
    expect(await link.node.ping('192.168.2.1')).toMatchObject({ received: 1 });
    const own = 'eth.src == 02:00:00:a1:00:01 && !icmp && !arp';
    expect(await link.capture.frames(own)).toEqual([]); // a node sends nothing by itself when it is plugged in
    await dut.shell.run('ip address add fd00::1/64 dev eth1 nodad');
    await link.node.configure({ address: 'fd00::2/64' });
    for (const isUp of [false, true]) await link.setUp(isUp);
    expect(await link.node.ping('fd00::1')).toMatchObject({ received: 1 }); // the addresses are still set
  });

  test('reboots by command and by its reset button, and allows another log-in', async () => {
    await dut.reboot();
    expect((await dut.shell.run('hostname')).output).toBe('rabbit');
    await dut.reset();
    await dut.login();
    expect((await dut.shell.run('hostname')).output).toBe('rabbit');
    expect(dut.failure).toBeUndefined();
  });
});

test('a guest that powers itself off leaves a console log with every byte, and captures whose times are those of its run', async () => {
  const testbed = await testHost.testbed(rabbit(), 1);
  const { dut, nodes } = testbed;
  const startMs = Date.now();
  await dut.boot();
  await dut.shell.run('ip address add 192.168.1.1/24 dev eth0 && ip link set eth0 up');
  await nodes[0]!.configure({ address: '192.168.1.2/24' });
  expect(await nodes[0]!.ping('192.168.1.1', { count: 3 })).toMatchObject({ received: 3 });
  const print = '(seq -f "line %06g" 1 3000; echo last) >/dev/ttyS0';
  const drain = 'stty -F /dev/ttyS0 "$(stty -F /dev/ttyS0 -g)"'; // else the kernel says "Power down" between these lines
  await dut.shell.run(`${print}; ${drain}; poweroff -f`, { check: false }).catch(() => undefined);
  await dut.waitForShutdown();
  await testbed.close();

  const { path } = testbed.links[0]!.capture;
  const log = await readFile(join(dirname(path), 'console.log'), 'latin1');
  const lines = Array.from({ length: 3000 }, (_, index) => `line ${String(index + 1).padStart(6, '0')}\r\n`).join('');
  expect(log).toContain(`${lines}last\r\n`);
  const frames = await decodeFile(testHost, path, 'icmp.type == 0', ['frame.time_epoch']);
  expect(frames.length).toBeGreaterThanOrEqual(3);
  for (const [time] of frames) {
    expect(Number(time) * 1000).toBeGreaterThan(startMs);
    expect(Number(time) * 1000).toBeLessThan(Date.now());
  }
});

describe('hardware', () => {
  test.each([
    { nic: 'e1000', driver: 'e1000' },
    { nic: 'virtio-net-pci', driver: 'virtio_net' },
  ] as const)(
    'UEFI with variables of its own, and NICs of model $nic that the guest names in their order',
    async ({ nic, driver }) => {
      const testbed = await testHost.testbed(rabbit({ nic, firmware: 'uefi' }), 3);
      const { dut, nodes } = testbed;
      await dut.boot();
      const { output } = await dut.shell.run(
        'for n in 0 1 2; do echo $(cat /sys/class/net/eth$n/address) $(basename $(readlink /sys/class/net/eth$n/device/driver)); done; ls -d /sys/firmware/efi',
      );
      expect(output.split('\n')).toEqual([...testbed.links.map(({ mac }) => `${mac} ${driver}`), '/sys/firmware/efi']);

      // the third NIC is the third link, and frames go both ways
      await dut.shell.run('ip address add 10.0.3.1/24 dev eth2 && ip link set eth2 up');
      await nodes[2]!.configure({ address: '10.0.3.2/24' });
      await nodes[2]!.ping('10.0.3.1'); // an e1000 takes seconds to come up
      expect(await nodes[2]!.ping('10.0.3.1', { count: 3 })).toMatchObject({ sent: 3, received: 3 });
      expect(await testbed.links[0]!.capture.count('icmp')).toBe(0);
      await exchange(dut, nodes[2]!, '10.0.3.1', '10.0.3.2');
      const { receivedFrames, sentFrames } = await silence(dut, nodes[2]!, testbed.links[2]!);
      const seen = testbed.links[2]!.capture;
      for (const way of [`eth.src == ${testbed.links[2]!.mac}`, `eth.dst == ${testbed.links[2]!.mac}`]) {
        for (const protocol of ['ip', 'tcp', 'udp']) {
          expect([protocol, way, await seen.count(`${protocol}.checksum.status == "Bad" && ${way}`)]).toEqual([protocol, way, 0]);
          expect(await seen.count(`${protocol}.checksum.status == "Good" && ${way}`)).toBeGreaterThan(0);
        }
      }
      expect(await testbed.links[2]!.capture.count()).toBe(receivedFrames + sentFrames);
      await dut.start();

      // the variables that the firmware wrote are in the testbed's copy, not in the template of the image
      const command = ['sh', '-c', 'cmp -s /usr/share/OVMF/OVMF_VARS_4M.fd /var/tmp/alpy1/firmware.fd; echo $?'];
      expect((await exec(testbed.qemu, { command }, { timeoutMs: 10_000 })).stdout.toString()).toBe('1\n');
      await dut.powerDown();
      await testbed.close();
    },
  );
});
