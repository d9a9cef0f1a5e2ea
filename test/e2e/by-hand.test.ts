// SPDX-License-Identifier: GPL-3.0-or-later
// `alpy up`, and the commands that act on its testbed.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Project, waitForLine } from '../support/cli.ts';
import { rabbitImage } from '../support/testbeds.ts';

const yaml = `
appliance:
  name: rabbit
  image: ${rabbitImage}
  login: { user: root, password: rabbit, loginPrompt: 'rabbit login: ', shellPrompt: '/rabbit:.*# $/' }
  provision: ['ip address replace 192.168.1.1/24 dev eth0', 'ip link set eth0 up']
topology: { links: 2 }
`;

let project: Project;
const alpy = (...args: readonly string[]) => project.run(args);

beforeAll(async () => {
  project = await Project.create({ 'alpy.yaml': yaml });
});

afterAll(async () => {
  await alpy('down');
  await project[Symbol.asyncDispose]();
});

test('without a testbed, each command says so', async () => {
  expect(await alpy('status')).toMatchObject({ status: 3, stderr: expect.stringContaining('Start one with alpy up') as string });
  expect(await alpy('down')).toMatchObject({ status: 0, stdout: 'no testbed is running\n' });
});

test('a testbed is kept until `alpy down`, and its files stay', async () => {
  const up = await alpy('up');
  expect(up, up.stderr).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^rabbit is up, with node0, node1; /) as string,
  });
  expect(await alpy('up')).toMatchObject({ status: 2, stderr: expect.stringContaining('is already running in') as string });
  const { stdout } = await alpy('status');
  expect(JSON.parse(stdout)).toMatchObject({ dut: 'rabbit', isRunning: true, nodes: ['node0', 'node1'], services: [] });

  expect(await alpy('configure', 'node0', '--address', '192.168.1.2/24')).toMatchObject({ status: 0, stderr: '' });
  expect(await alpy('configure', 'node0', '--mtu', 'x')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('--mtu: expected a whole number of bytes, got "x"') as string,
  });
  // with -w, ping waits for 3 answers however late they are, and sends more requests meanwhile
  const ping = await alpy('exec', 'node0', 'ping', '-c', '3', '-w', '60', '-i', '0.2', '192.168.1.1');
  expect(ping).toMatchObject({ status: 0, stdout: expect.stringContaining(' received') as string }); // status 0: at least 3 were
  expect(await alpy('exec', 'node0', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7')).toEqual({
    status: 7,
    stdout: 'out\n',
    stderr: 'err\n',
  });
  expect(await project.run(['exec', 'node1', '-i', 'cat'], {}, 'handed on')).toMatchObject({ status: 0, stdout: 'handed on' });

  const shell = await project.runInTerminal(['exec', '-i', 'node0', '--', 'sh'], 'tty; stty size; exit 6\n');
  expect(shell).toMatchObject({ status: 6, screen: expect.stringMatching(/\/dev\/pts\/\d+\s+30 100\s/) as string });

  expect(await alpy('capture', 'link0', 'icmp.type == 8 && icmp.seq <= 3', '--count')).toMatchObject({
    status: 0,
    stdout: '3\n',
  });
  const waited = await alpy('capture', 'link0', 'icmp.type == 0', '--wait', '--field', 'ip.ttl');
  expect(waited).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\t\S+Z\t98\tICMP\t.*\t64\n$/) as string });
  expect(await alpy('capture', 'link1', 'icmp', '--wait', '--timeout', '0.5')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('ALPY_FRAME_TIMEOUT') as string,
  });

  const following = project.start(['capture', '--follow', '--field', 'ip.ttl']);
  const firstNew = waitForLine(following, /^link0\t\d+\t\S+Z\t98\tICMP\t.*id=.*\t63$/);
  expect(await alpy('exec', 'node0', 'ping', '-c', '1', '-W', '60', '-t', '63', '192.168.1.1')).toMatchObject({ status: 0 });
  await firstNew;
  following.kill('SIGINT');
  expect(await once(following, 'exit')).toEqual([130, null]);
  expect(await alpy('capture', '--follow', '--count')).toMatchObject({ status: 2 });
  expect(await alpy('capture', '--follow', 'link0', 'no such filter')).toMatchObject({ status: 2 });

  expect(await alpy('console', 'run', 'uname', '-s')).toMatchObject({ status: 0, stdout: 'Linux\n' });
  expect(await alpy('console', 'run', 'exit 9')).toMatchObject({ status: 9 });
  await alpy('link', 'link0', 'down');
  expect((await alpy('console', 'run', 'cat /sys/class/net/eth0/carrier')).stdout).toBe('0\n');
  await alpy('link', 'link0', 'up');
  expect(await alpy('link', 'link0', 'clear')).toMatchObject({ status: 2 });
  expect(await alpy('link', 'link0', 'impair', '--loss-percent', '100', '--direction', 'dut->node0')).toMatchObject({
    status: 0,
  });
  expect(await alpy('exec', 'node0', '--', 'ping', '-c', '1', '-W', '1', '192.168.1.1')).toMatchObject({ status: 1 });
  const cleared = await alpy('link', 'link0', 'clear');
  expect(JSON.parse(cleared.stdout)).toMatchObject({ 'dut->node0': { passed: 0 } });

  expect(await alpy('exec', 'node7', 'true')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('there is no node or service "node7"; there are: node0, node1') as string,
  });
  expect(await alpy('link', 'link0', 'sideways')).toMatchObject({ status: 2 });

  const console = createConnection(project.path('alpy-out/session/shared/console.sock'));
  await once(console, 'connect');
  console.write('echo by-$((40 + 2))\n');
  expect(await alpy('console', 'expect', 'by-42')).toMatchObject({ status: 0 });
  console.destroy();

  expect(await alpy('down')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^down; /) as string });
  expect(await alpy('exec', 'node0', 'true')).toMatchObject({ status: 3 });
  expect((await readFile(project.path('alpy-out/session/testbed/link0.pcap'))).length).toBeGreaterThan(24);
  expect(existsSync(project.path('alpy-out/session/testbed/events.ndjson'))).toBe(true);
});

test('`alpy up` that is stopped leaves nothing', async () => {
  const child = project.start(['up', '--boot', 'cold']);
  await waitForLine(child, /Set the testbed up\.\.\. done/);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([143, null]);
  expect(await alpy('status')).toMatchObject({ status: 3 });
});
