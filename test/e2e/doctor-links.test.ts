// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { frameKinds } from '../../src/doctor/links/frames.ts';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { Project } from '../support/cli.ts';

const config = `
appliances:
  left: { image: blank.raw, memoryMiB: 64 }
  right: { image: blank.raw, memoryMiB: 64, nic: e1000 }
topology:
  duts: { left: left, right: right }
  links: [[left:0, right:0]]
`;

/** QEMU changes short frames between nodes and for an e1000, and for no other end. */
const runts: Readonly<Record<string, string>> = {
  'link: NIC to node': 'ok',
  'link: node to NIC': 'ok',
  'link: node to node': '(1)',
  'cable: left:1 to right:0': '(2)',
  'cable: right:0 to left:1': 'ok',
  'segment: NIC to NIC': '(2)',
  'segment: NIC to node': 'ok',
  'segment: node to NIC': '(2)',
  'segment: node to node': 'ok',
};

test('alpy doctor --links: frames of all kinds pass each kind of link in each direction, except short ones between nodes and to an e1000', async () => {
  await using project = await Project.create({ 'alpy.yaml': config });
  await writeBlankDisk(project.path('blank.raw'));
  const { status, stdout, stderr } = await project.run(['doctor', '--links']);
  const lines = stdout.split('\n');
  const first = lines.findIndex((line) => line.trimStart().startsWith('link '));
  const [links, directions, ...rows] = lines
    .slice(first, first + 2 + frameKinds.length)
    .map((line) => line.trim().split(/ {2,}/));
  const columns = links?.map((link, index) => `${link}: ${directions?.[index] ?? ''}`);
  expect(columns, stdout).toEqual(Object.keys(runts));
  const expected = frameKinds.map((kind) => [kind, ...Object.values(runts).map((cell) => (kind === 'runts' ? cell : 'ok'))]);
  expect(rows, stdout).toEqual(expected);
  expect(stdout).toMatch(/^\(1\) QEMU pads frames between nodes on a link without a device to 60 bytes/m);
  expect(stdout).toMatch(/^\(2\) QEMU pads frames for NICs of the model e1000 to 60 bytes/m);
  expect(stdout).toMatch(/^ok {3}links: \d+ of \d+ frames arrived, and were captured, as they were sent; \d+ could not/m);
  expect(stderr).toMatch(/^links: sending through the cable left:1--right:0 from right:0$/m);
  expect(status).toBe(0);
});

test('alpy doctor --links without a Docker daemon: status 3, and why links could not be checked', async () => {
  await using project = await Project.create({});
  const { status, stdout } = await project.run(['doctor', '--links'], { DOCKER_HOST: 'unix:///nowhere/docker.sock' });
  expect(stdout).toMatch(/^FAIL docker: [^]*\nFAIL links: they could not be checked: .*\/nowhere\/docker\.sock/);
  expect(status).toBe(3);
});
