// SPDX-License-Identifier: GPL-3.0-or-later
// The commands of `alpy up` with a topology whose devices, nodes, links and segments have names.
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Project } from '../support/cli.ts';
import { rabbitImage } from '../support/testbeds.ts';

const yaml = `
appliances:
  rabbit:
    image: ${rabbitImage}
    login: { user: root, password: rabbit, loginPrompt: 'rabbit login: ', shellPrompt: '/rabbit:.*# $/' }
topology:
  duts: { left: rabbit, right: rabbit }
  nodes:
    client: { address: 10.0.0.2/24 }
    server: {}
  links:
    - [client, left:0]
    - [left:1, right:1]
    - { ends: [right:0, server], name: far }
  segments:
    lan: [left:2, right:2, server]
`;

let project: Project;
const alpy = (...args: readonly string[]) => project.run(args);
const refused = (message: string) => ({ status: 2, stderr: expect.stringContaining(message) as string });

beforeAll(async () => {
  project = await Project.create({ 'alpy.yaml': yaml });
});

afterAll(async () => {
  await alpy('down');
  await project[Symbol.asyncDispose]();
});

test('devices, nodes, links and segments are used by their names', async () => {
  const up = await alpy('up');
  expect(up, up.stderr).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^left, right are up, with client, server; .*\nnext: alpy console left, /) as string,
  });
  expect(JSON.parse((await alpy('status')).stdout)).toMatchObject({
    duts: [
      { name: 'left', isRunning: true },
      { name: 'right', isRunning: true },
    ],
    nodes: ['client', 'server'],
    links: [
      { name: 'client--left:0', ends: ['client:eth0', 'left:0'] },
      { name: 'left:1--right:1', ends: ['left:1', 'right:1'] },
      { name: 'far', ends: ['right:0', 'server:eth0'] },
      { name: 'lan', ends: ['left:2', 'right:2', 'server:eth1'] },
    ],
  });

  expect(await alpy('console', 'left', 'run', 'ip address add 10.0.0.1/24 dev eth0 && ip link set eth0 up')).toMatchObject({
    status: 0,
  });
  // with -w, ping waits for the answers however late they are, and sends more requests meanwhile
  expect(await alpy('exec', 'client', '--', 'ping', '-c', '2', '-w', '60', '-i', '0.2', '10.0.0.1')).toMatchObject({ status: 0 });
  const asked = await alpy('capture', 'client--left:0', 'icmp.type == 8 && icmp.seq <= 2', '--count');
  expect(asked).toMatchObject({ status: 0, stdout: '2\n' });
  await alpy('console', 'right', 'run', 'ip link set eth1 up');
  await alpy('link', 'left:1--right:1', 'down');
  expect((await alpy('console', 'right', 'run', 'cat /sys/class/net/eth1/carrier')).stdout).toBe('0\n');
  expect(await alpy('configure', 'server', '--interface', 'eth1', '--address', '10.3.0.9/24')).toMatchObject({ status: 0 });
  expect((await alpy('exec', 'server', 'ip', '-brief', 'address', 'show', 'eth1')).stdout).toContain('10.3.0.9/24');
  await alpy('dut', 'right', 'pause');
  expect(JSON.parse((await alpy('status')).stdout)).toMatchObject({ duts: [{ isRunning: true }, { isRunning: false }] });
  await alpy('dut', 'right', 'resume');

  expect(await alpy('console', 'run', 'true')).toMatchObject(
    refused('expected the name of a device, got none; there are: left, right'),
  );
  expect(await alpy('console')).toMatchObject(refused('expected the name of a device, got none; there are: left, right'));
  expect(await alpy('console', 'lft')).toMatchObject(
    refused('there is no device "lft"; there are: left, right. Did you mean left?'),
  );
  expect(await alpy('dut', 'righ', 'pause')).toMatchObject(refused('Did you mean right?'));
  expect(await alpy('exec', 'clint', 'true')).toMatchObject(refused('there are: client, server. Did you mean client?'));
  expect(await alpy('capture', 'lam', '--count')).toMatchObject(refused('Did you mean lan?'));

  const console = createConnection(project.path('alpy-out/session/shared/console-right.sock'));
  await once(console, 'connect');
  console.write('echo by-$((40 + 2))\n');
  expect(await alpy('console', 'right', 'expect', 'by-42')).toMatchObject({ status: 0 });
  console.destroy();
  expect(await alpy('down')).toMatchObject({ status: 0 });
});
