// SPDX-License-Identifier: GPL-3.0-or-later
// A Docker daemon that maps root of its containers to another user of this machine (`userns-remap`).
import { access, chmod, constants, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { expect, test } from 'vitest';
import { resolveImages } from '../../src/images/index.ts';
import { Project } from '../support/cli.ts';
import { OwnDaemon } from '../support/own-daemon.ts';
import { rabbitImage } from '../support/testbeds.ts';

const configuration = `appliance:
  image: ${rabbitImage}
  login: { user: root, password: rabbit }
topology: { links: 1 }
accel: tcg
`;

const testFile = `
import { expect, test } from 'alpy/test';
test('answers', async ({ dut, nodes: [node], links: [link], apps }) => {
  await dut.shell.run('ip address add 10.0.0.2/24 dev eth0 && ip link set eth0 up');
  await node.configure({ address: '10.0.0.1/24' });
  await apps.start({ node, command: ['ping', '-i', '0.2', '10.0.0.2'] });
  await expect(node).toReach('10.0.0.2');
  await expect(link).toHaveSeen('icmp.type == 0');
});
`;

test('a testbed works on a daemon with user namespaces; files are copied', async ({ skip }) => {
  if (process.getuid?.() !== 0) skip('only root can start another Docker daemon');
  await access('/usr/sbin/dockerd', constants.X_OK).catch(() => {
    skip('there is no /usr/sbin/dockerd');
  });
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'alpy-userns-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o711); // root of its containers must reach what is below
  const images = resolveImages(process.env).filter(({ name }) => ['qemu', 'node', 'traffic'].includes(name));
  const references = images.map(({ reference }) => reference);
  const daemon = resources.use(await OwnDaemon.open(folder, new Docker(), references, { remapsUsers: true }));
  await using project = await Project.create({ 'alpy.yaml': configuration, 'tests/a.test.ts': testFile });

  const { status, stdout, stderr } = await project.run(['run', '--verbose'], { DOCKER_HOST: daemon.host });
  expect(status, stdout + stderr).toBe(0);
  expect(stdout).toContain('files: copy');
  await expect(daemon.docker.listContainers({ all: true })).resolves.toEqual([]);
});
