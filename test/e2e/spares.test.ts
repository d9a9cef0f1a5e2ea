// SPDX-License-Identifier: GPL-3.0-or-later
// The testbed of the next test is made while a test runs.
import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { Project } from '../support/cli.ts';
import { rabbitImage } from '../support/testbeds.ts';

const yaml = `
appliance:
  name: rabbit
  image: ${rabbitImage}
  memoryMiB: 128
  login: { user: root, password: rabbit, loginPrompt: 'rabbit login: ', shellPrompt: '/rabbit:.*# $/' }
  provision: ['ip address replace 192.168.1.1/24 dev eth0 && ip link set eth0 up']
topology: { links: 1 }
tests: { timeoutMs: 20000 }
`;

/** Each test waits until the next one has a capture, so that it finds its testbed however slow this machine is. */
const tests = `
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'alpy/test';

async function nextOne(directory: string, next: string): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  while (!existsSync(join(directory, '..', 'spares-' + next, 'link0.pcap'))) await sleep(20, undefined, { signal });
}

async function checkPing({ nodes: [node], links: [link] }): Promise<void> {
  await node.configure({ address: '192.168.1.2/24' });
  await expect(node).toReach('192.168.1.1');
  await expect(link).toHaveSeen('icmp.type == 0 && ip.dst == 192.168.1.2');
}

test('first', async ({ nodes, links, directory }) => {
  await checkPing({ nodes, links });
  await nextOne(directory, 'second');
});

test('second', async ({ nodes, links, directory }) => {
  await expect(links[0]).not.toHaveSeen('icmp');
  await checkPing({ nodes, links });
  await nextOne(directory, 'wide-third');
});

describe('wide', () => {
  test.override('topology', { links: 2 });
  test.override('needs', { exclusive: true });
  test('third', async ({ nodes, links }) => {
    expect(links).toHaveLength(2);
    await checkPing({ nodes, links });
  });
});

test('fourth', async ({ nodes, links, directory, skip }) => {
  await checkPing({ nodes, links });
  await nextOne(directory, 'fifth');
});

test('fifth', async ({ skip }) => {
  skip('what is made for it is discarded');
});
`;

const inAdvance = 'Take the testbed that was set up in advance';
const begins = /Set the testbed up\.\.\.$/m;

test('a test uses the spare testbed, unless it needs another topology', async () => {
  await using project = await Project.create({ 'alpy.yaml': `${yaml}spareTestbeds: always\n`, 'spares.test.ts': tests });
  const { status, stdout, stderr } = await project.run(['run']);
  expect(status, stdout + stderr).toBe(0);
  const logOf = (name: string): Promise<string> =>
    readFile(project.path('alpy-out', 'tests', `spares-${name}`, 'debug.log'), 'utf8');
  expect(await logOf('first')).not.toContain(inAdvance);
  expect(await logOf('second')).toContain(inAdvance);
  expect(await logOf('second')).not.toMatch(begins);
  expect(await logOf('wide-third')).toMatch(begins);
  expect((await readdir(project.path('alpy-out', 'tests', 'spares-fifth'))).sort()).toEqual(['debug.log', 'events.ndjson']);
});

test('`spareTestbeds: never` creates each testbed when its test starts', async () => {
  const plain = tests.replaceAll(/ {2}await nextOne.*\n/g, '');
  await using project = await Project.create({ 'alpy.yaml': `${yaml}spareTestbeds: never\n`, 'spares.test.ts': plain });
  const { status, stdout, stderr } = await project.run(['run']);
  expect(status, stdout + stderr).toBe(0);
  const log = await readFile(project.path('alpy-out', 'tests', 'spares-second', 'debug.log'), 'utf8');
  expect(log).not.toContain(inAdvance);
});
