// SPDX-License-Identifier: GPL-3.0-or-later
// Faults of links, measured with a guest that has a virtio NIC and an e1000.
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { markHandled } from '../../src/core/mark-handled.ts';
import { exec } from '../../src/docker/index.ts';
import type { Node } from '../../src/network/index.ts';
import type { Dut, ImpairOptions, Link, LinkFault, Testbed } from '../../src/testbed/index.ts';
import { resolveTopology } from '../../src/topology/index.ts';
import { TestHost, rabbit } from '../support/testbeds.ts';

let testHost: TestHost;
let testbed: Testbed;
let dut: Dut;

const nics = [{ model: 'virtio-net-pci' }, { model: 'e1000' }] as const;
/** A machine that is busy delays frames itself, so a measurement is repeated. */
const busy = { timeout: 60_000 };
const isBetween =
  (least: number, most: number) =>
  (value: number): boolean =>
    value >= least && value <= most;

const guestAddress = (link: Link): string => `192.168.${link.index}.1`;
const nodeAddress = (link: Link): string => `192.168.${link.index}.2`;

beforeAll(async () => {
  testHost = await TestHost.open();
  testbed = await testHost.testbed(rabbit({ nics: [...nics] }), 2);
  ({ dut } = testbed);
  await dut.boot();
  for (const link of testbed.links) await configure(link);
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
});

/** Gives both ends addresses, and the neighbours of the other end, so that no ARP is lost. */
async function configure(link: Link): Promise<void> {
  const { node, index, mac } = link;
  await dut.shell.run(`ip address replace ${guestAddress(link)}/24 dev eth${index} && ip link set eth${index} up`);
  await node.configure({ address: `${nodeAddress(link)}/24` });
  expect(await node.ping(guestAddress(link), { count: 2 })).toMatchObject({ received: 2 });
  const { stdout } = await node.run('cat /sys/class/net/eth0/address');
  await node.run(`ip neighbour replace ${guestAddress(link)} lladdr ${mac} dev eth0 nud permanent`);
  await dut.shell.run(`ip neighbour replace ${nodeAddress(link)} lladdr ${stdout.trim()} dev eth${index} nud permanent`);
}

/** Round-trip times of echo requests, in `ms`, from the shortest to the longest. */
async function roundTripsMs(link: Link, count = 100): Promise<readonly number[]> {
  const { stdout } = await link.node.run(`ping -n -i 0.01 -c ${count} ${guestAddress(link)}`, { check: false });
  return [...stdout.matchAll(/ time=([\d.]+) ms/g)].map(([, time]) => Number(time)).toSorted((a, b) => a - b);
}

/** The shortest round-trip time, in `ms`: other programs on this machine do not lengthen it. */
async function roundTripMs(link: Link, count?: number): Promise<number> {
  return (await roundTripsMs(link, count))[0]!;
}

/** How much an impairment lengthens the median of the round-trip times, in `ms`. */
async function addedMs(link: Link, impairment: ImpairOptions): Promise<number> {
  const median = async (): Promise<number> => (await roundTripsMs(link))[50]!;
  const plain = await median();
  await using _fault = await link.impair(impairment);
  return (await median()) - plain;
}

/** Sends numbered datagrams from a node to a port on which nothing listens. */
async function sendFromNode({ node }: Link, target: string, count: number, bytes = 18, port = 9): Promise<void> {
  // in bursts, so that QEMU's tap has room for all; a write fails when the guest has refused an earlier datagram
  const loop = `for ((i = 0; i < ${count}; i++)); do until printf '%-${bytes}d' $i >&3; do :; done; ((i % 100)) || read -t 0.01 -u 4; done`;
  await node.run(['bash', '-c', `exec 4<> <(:) 3>/dev/udp/${target}/${port}; ${loop} 2>/dev/null`]);
}

/** Waits until an impairment has got all frames that the node has sent: a tap keeps them while QEMU gets no processor. */
async function waitForFrames(fault: LinkFault, link: Link, count: number): Promise<void> {
  const received = async (): Promise<number> => (await fault.counts())[toGuest(link)]!.received;
  await expect.poll(received, busy).toBeGreaterThanOrEqual(count);
}

/** Sends the same from the guest. */
async function sendFromGuest(target: string, count: number, port: number): Promise<void> {
  const loop = `exec 3>/dev/udp/${target}/${port}; for ((i = 0; i < ${count}; i++)); do until printf "%-18d" $i >&3; do :; done; done`;
  await dut.shell.run(`bash -c '${loop}' 2>/dev/null`, { timeoutMs: 60_000 });
}

const toNode = (link: Link): string => `dut->${link.node.name}`;
const toGuest = (link: Link): string => `${link.node.name}->dut`;

describe.each([0, 1])('a fault of link%d', (index) => {
  let link: Link;
  let node: Node;
  beforeAll(() => {
    link = testbed.links[index]!;
    ({ node } = link);
  });

  test('a delay of 20 ms is 20 to 22 ms in each direction', async () => {
    for (const direction of [toNode(link), toGuest(link)])
      await expect.poll(() => addedMs(link, { delayMs: 20, direction }), busy).toSatisfy(isBetween(20, 22));
    await expect.poll(() => addedMs(link, { delayMs: 20 }), busy).toSatisfy(isBetween(40, 44));
  });

  test('a loss of 10 % loses 9 to 11 % of 10,000 frames in each direction', async () => {
    const inbound = `!icmp && udp.dstport == 1009 && ip.dst == ${guestAddress(link)}`;
    {
      await using fault = await link.impair({ lossPercent: 10, direction: toGuest(link), seed: 1 });
      await sendFromNode(link, guestAddress(link), 10_000, 18, 1009);
      await waitForFrames(fault, link, 10_000);
      await fault.end();
      const { received, lost } = (await fault.counts())[toGuest(link)]!;
      expect(lost / received).toBeGreaterThan(0.09);
      expect(lost / received).toBeLessThan(0.11);
      expect(await link.capture.count(inbound)).toSatisfy(isBetween(received - lost - 5, received - lost)); // others may be ARP
    }
    await using fault = await link.impair({ lossPercent: 10, direction: toNode(link), seed: 1 });
    await sendFromGuest(nodeAddress(link), 10_000, 1010);
    await fault.end();
    const { received, lost } = (await fault.counts())[toNode(link)]!;
    expect(lost / received).toBeGreaterThan(0.09);
    expect(lost / received).toBeLessThan(0.11);
    // the capture shows what the guest has sent
    expect(await link.capture.count(`!icmp && udp.dstport == 1010 && ip.src == ${guestAddress(link)}`)).toBe(10_000);
  });

  test('a rate of 2 Mbit/s lets as much pass, within 10 %', async () => {
    await using _fault = await link.impair({ rateMbps: 2, direction: toGuest(link) });
    let port = 1100; // another one for each measurement
    const mbps = async (): Promise<number> => {
      port += 1;
      await sendFromNode(link, guestAddress(link), 300, 1208, port); // frames of 1250 bytes
      const filter = `!icmp && udp.dstport == ${port} && ip.dst == ${guestAddress(link)}`;
      await expect.poll(() => link.capture.count(filter), { timeout: 20_000 }).toBe(300);
      const frames = await link.capture.frames(filter);
      return (299 * 1250 * 8) / (frames.at(-1)!.timeMs - frames[0]!.timeMs) / 1000;
    };
    await expect.poll(mbps, busy).toSatisfy(isBetween(1.8, 2.2));
  });

  test('frames are duplicated, corrupted and reordered', async () => {
    await using fault = await link.impair({
      delayMs: 5,
      duplicatePercent: 20,
      corruptPercent: 20,
      reorderPercent: 20,
      seed: 1,
      direction: toGuest(link),
    });
    await sendFromNode(link, guestAddress(link), 1000, 18, 1012);
    await waitForFrames(fault, link, 1000);
    await fault.end();
    const { received, passed, duplicated, corrupted, reordered, lost, overflowed } = (await fault.counts())[toGuest(link)]!;
    expect({ lost, overflowed }).toEqual({ lost: 0, overflowed: 0 });
    expect(passed).toBe(received + duplicated);
    for (const count of [duplicated, corrupted, reordered]) {
      expect(count).toBeGreaterThan(140);
      expect(count).toBeLessThan(280);
    }
  });

  test('a link that loses everything keeps the carrier of both ends', async () => {
    await using _fault = await link.impair({ lossPercent: 100 });
    expect((await node.run('cat /sys/class/net/eth0/carrier')).stdout.trim()).toBe('1');
    expect((await dut.shell.run(`cat /sys/class/net/eth${index}/carrier`)).output).toBe('1');
    const ping = await node.run(`ping -n -c 3 -i 0.05 -W 1 ${guestAddress(link)}`, { check: false });
    expect(ping.stdout).toContain('100% packet loss');
  });

  test('impairments add up, each ends by itself, and no frame is lost when they begin and end', async () => {
    const plain = await roundTripMs(link);
    const first = await link.impair({ delayMs: 10, direction: toGuest(link) });
    const second = await link.impair({ delayMs: 20, direction: toGuest(link) });
    expect(await roundTripMs(link)).toBeGreaterThanOrEqual(30);
    await first.end();
    expect((await roundTripMs(link)) - plain).toBeLessThan(25);
    await second.end();
    expect((await roundTripMs(link)) - plain).toBeLessThan(5);
    // with -w, ping waits for 400 answers however late they are, and sends more requests meanwhile: the lost one would be missing
    const ping = node.run(`ping -n -i 0.005 -c 400 -w 60 ${guestAddress(link)}`, { check: false });
    for (let round = 0; round < 5; round += 1) await (await link.impair({ delayMs: 5 })).end();
    const answered = [...(await ping).stdout.matchAll(/ icmp_seq=(\d+) /g)].map(([, number]) => Number(number));
    expect(answered.slice(0, 400)).toEqual(Array.from({ length: 400 }, (_, index) => index + 1));
  });
});

test('a flapping link loses both carriers each time, and an unplugged one gets them back at the end of the block', async () => {
  const link = testbed.links[0]!;
  const carrier = async (): Promise<string> => (await link.node.run('cat /sys/class/net/eth0/carrier')).stdout.trim();
  const changes = async (): Promise<number> => Number((await dut.shell.run('cat /sys/class/net/eth0/carrier_changes')).output);
  const before = await changes();
  await link.flap({ times: 3, downMs: 300, upMs: 300 });
  expect((await changes()) - before).toSatisfy(isBetween(2, 6)); // a busy guest misses some
  {
    await using _unplugged = await link.unplug();
    expect(await carrier()).toBe('0');
    expect((await dut.shell.run('cat /sys/class/net/eth0/carrier')).output).toBe('0');
  }
  expect(await carrier()).toBe('1');
});

test('a scheduled fault begins later, lasts as long as asked, and ends by itself', async () => {
  const link = testbed.links[0]!;
  const stop = new AbortController();
  const pinging = link.node.run(`ping -n -i 0.02 -s 77 -w 200 ${guestAddress(link)}`, {
    check: false,
    timeoutMs: 200_000, // longer than all waits below
    signal: stop.signal,
  });
  markHandled(pinging); // ended below
  const requests = 'icmp.type == 8 && ip.len == 105';
  await link.capture.waitFor(requests, { timeoutMs: 30_000 });
  const callMs = performance.now();
  await using fault = await link.impair({ lossPercent: 100, direction: toGuest(link), afterMs: 600, durationMs: 500 });
  await fault.ended;
  expect(performance.now() - callMs).toBeGreaterThan(1096); // each of the two timers may fire up to 2 ms early
  await expect.poll(() => link.node.ping(guestAddress(link), { timeoutMs: 1000 }), busy).toMatchObject({ received: 1 });
  expect((await fault.counts())[toGuest(link)]!.lost).toBeGreaterThan(0);
  const longestGapMs = async (): Promise<number> => {
    const times = (await link.capture.frames(requests)).map(({ timeMs }) => timeMs);
    return Math.max(...times.slice(1).map((timeMs, index) => timeMs - times[index]!));
  };
  await expect.poll(longestGapMs, busy).toBeGreaterThan(490);
  stop.abort();
  await pinging.catch(() => undefined); // it was ended
});

test('a fault stays when the guest is reset', async () => {
  const link = testbed.links[0]!;
  await using _fault = await link.impair({ delayMs: 30 });
  await dut.reset();
  await dut.login();
  await configure(link);
  expect(await roundTripMs(link, 20)).toBeGreaterThanOrEqual(60);
});

test('a fault whose relay dies is an error of the environment, and frames pass again', async () => {
  const link = testbed.links[0]!;
  const fault = await link.impair({ lossPercent: 100 });
  await exec(
    testbed.qemu,
    { command: ['sh', '-c', 'for p in /proc/[0-9]*; do read -r c <$p/comm && [ "$c" = perl ] && kill -9 ${p#/proc/}; done; :'] },
    { timeoutMs: 10_000 },
  );
  await expect.poll(() => link.node.ping(guestAddress(link), { timeoutMs: 1000 }), busy).toMatchObject({ received: 1 });
  const failure = { fault: 'environment', message: expect.stringContaining("the relay of a link's fault ended") as string };
  await expect(fault.end()).rejects.toMatchObject(failure);
  expect(() => {
    testbed.check();
  }).toThrow(expect.objectContaining(failure) as Error);
});

test('a testbed whose guest comes from a snapshot has faults, and ends well while one is active', async () => {
  const appliance = rabbit();
  const directory = await mkdtemp(join(testHost.directory, 'snapshots-'));
  const factory = testHost.factory({ snapshots: { directory, maxBytes: 2048 * 1024 ** 2 } });
  const disk = await factory.inspectDisk(appliance);
  const snapshot = await factory.provideSnapshot({ appliance, topology: resolveTopology({ links: 1 }), disk }, directory);
  const restored = await testHost.testbed(appliance, 1, { start: snapshot });
  await restored.dut.boot();
  const [link] = restored.links as unknown as [Link];
  await restored.dut.shell.run(`ip address replace ${guestAddress(link)}/24 dev eth0 && ip link set eth0 up`);
  await link.node.configure({ address: `${nodeAddress(link)}/24` });
  await link.impair({ delayMs: 30 });
  expect(await roundTripMs(link, 10)).toBeGreaterThanOrEqual(60);
  await restored.close();
});
