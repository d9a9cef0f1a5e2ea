// SPDX-License-Identifier: GPL-3.0-or-later
// Programs beside a node can reach nothing of the lifeline, of QEMU and of this machine.
import { lstat, mkdtemp, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exec, type Container } from '../../src/docker/index.ts';
import { imageNamed } from '../../src/images/index.ts';
import { startJobContainer } from '../../src/session/job-container.ts';
import { qemuUser } from '../../src/core/qemu-confinement.ts';
import type { Testbed } from '../../src/testbed/index.ts';
import { openWithBlankDisk, rabbit, type TestHost } from '../support/testbeds.ts';

let testHost: TestHost;
let testbed: Testbed;
let directory: string;
let blank: string;

const silent = () => rabbit({ image: blank, login: undefined, memoryMiB: 64 });

beforeAll(async () => {
  ({ testHost, blank } = await openWithBlankDisk());
  directory = await mkdtemp(join(testHost.directory, 'testbed-'));
  testbed = await testHost.testbed(silent(), 1, { directory });
});

afterAll(async () => {
  await testbed.close();
  expect(await testHost.containers()).toEqual([]);
  await testHost[Symbol.asyncDispose]();
});

/** A shell through which anybody could become root, if the kernel allowed it. */
const setuidShell = `cp /bin/sh /tmp/sh && chmod 4755 /tmp/sh && setpriv --reuid 65534 --clear-groups /tmp/sh -p -c 'id -u'`;

const inContainer = async (
  container: Container,
  script: string,
): Promise<{ readonly stdout: string; readonly stderr: string }> => {
  const { stdout, stderr } = await exec(container, { command: ['sh', '-c', script] }, { timeoutMs: 20_000 });
  return { stdout: stdout.toString(), stderr: stderr.toString() };
};

test.each([undefined, '65534:65534'])('an app of user %s can ping, without more rights', async (user) => {
  const command = ['ping', '-c', '1', '-W', '2', '127.0.0.1'];
  const app = { node: testbed.nodes[0]!, image: 'node', command, ...(user === undefined ? {} : { user }) };
  expect((await testbed.apps.run(app)).stdout).toContain('1 received');
});

test("the container of a job's scripts sees no process of the testbed, and has no more rights than an app", async () => {
  const builds = await mkdtemp(join(testHost.directory, 'builds-'));
  const image = imageNamed(testHost.facts.images, 'node').reference;
  const limits = { memoryMiB: 256, pids: 100, capabilities: ['NET_ADMIN', 'NET_RAW'] };
  const mounts = [{ source: builds, target: '/builds', readOnly: false }];
  await using job = await startJobContainer(testHost.engine, testbed, { node: 'node0', image, mounts, environment: {}, limits });
  expect((await inContainer(job, 'cat /proc/[0-9]*/comm')).stdout).not.toMatch(/qemu|tini/);
  expect((await inContainer(job, 'mknod /builds/disk b 254 0')).stderr).toContain('Operation not permitted');
  expect(await readdir(builds)).toEqual([]);
  expect((await inContainer(job, `grep NoNewPrivs /proc/self/status; ${setuidShell}`)).stdout).toBe('NoNewPrivs:\t1\n65534\n');
  const capabilities = 'grep CapBnd /proc/self/status';
  expect((await inContainer(job, capabilities)).stdout).toBe((await testbed.nodes[0]!.run(capabilities)).stdout);
});

test('the lifeline sees no file of this machine', async () => {
  const { stdout } = await inContainer(testbed.lifeline, 'ls /alpy; cut -d " " -f 2 /proc/mounts');
  expect(stdout.split('\n')).toEqual(expect.arrayContaining(['/', '/proc']));
  expect(stdout).not.toMatch(/alpy|^\/(?:var|tmp|home|root|etc\/hosts)/m); // the daemon mounts /etc/hostname
});

test('QEMU has a user of its own, no capability, and a filter of system calls', async () => {
  const qemu = 'set -- $(grep -lx qemu-system-x86 /proc/[0-9]*/comm); cat ${1%comm}status';
  const { stdout } = await inContainer(testbed.qemu, qemu);
  const facts = Object.fromEntries(stdout.split('\n').map((line) => line.split(':\t')) as [string, string][]);
  expect(facts).toMatchObject({ Name: 'qemu-system-x86', NoNewPrivs: '1', Seccomp: '2', Seccomp_filters: '2' });
  expect([facts['Uid'], facts['Gid']]).toEqual(Array(2).fill(Array(4).fill(qemuUser).join('\t')));
  for (const set of ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb']) expect(facts[`Cap${set}`]).toBe('0'.repeat(16));
});

test('QEMU can write to its captures and temporary files, and create no file on this machine', async () => {
  const tries = ['/alpy/run', '/alpy/image', '/', '/etc', '/var/tmp'].map((folder) => `(: >${folder}/x) && echo ${folder}`);
  const { stdout } = await inContainer(
    testbed.qemu,
    `${tries.join('; ')}; [ -w /alpy/run/link0.pcap ] && echo capture; ls /alpy/image`,
  );
  expect(stdout).toBe('/var/tmp\ncapture\nblank.raw\n');
});

test('an app may not ask for a capability that would open QEMU to it', async () => {
  const start = testbed.apps.start({ node: testbed.nodes[0]!, command: ['true'], capabilities: ['NET_RAW', 'SYS_PTRACE'] });
  await expect(start).rejects.toMatchObject({ code: 'ALPY_USAGE', message: expect.stringContaining('SYS_PTRACE') as string });
});

test('alpy follows no link when it writes to the folder of a test', async () => {
  const folder = await mkdtemp(join(testHost.directory, 'testbed-'));
  const victim = join(testHost.directory, 'victim');
  await writeFile(victim, 'precious');
  const other = await testHost.testbed(silent(), 1, { directory: folder });
  const [screen, capture] = [join(folder, 'screen.png'), join(folder, 'link0.pcap')];
  await symlink(victim, screen);
  await other.dut.screenshot(screen);
  expect((await lstat(screen)).isFile()).toBe(true);
  expect((await readFile(screen)).toString('latin1', 1, 4)).toBe('PNG');
  await rename(capture, `${capture}.true`);
  await symlink(victim, capture);
  await expect(other.links[0]!.capture.count()).rejects.toMatchObject({ code: 'ALPY_ENVIRONMENT' });
  await expect(other.close()).rejects.toMatchObject({
    code: 'ALPY_CAPTURE',
    message: expect.stringContaining('link0.pcap') as string,
  });
  expect(await readFile(victim, 'utf8')).toBe('precious');
});
