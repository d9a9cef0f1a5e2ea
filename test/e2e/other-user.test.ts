// SPDX-License-Identifier: GPL-3.0-or-later
// `alpy run` as somebody who is not root but may use the daemon: files are theirs, while QEMU is root without its rights.
import { spawnSync } from 'node:child_process';
import { chownSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { writeBlankDisk } from '../support/blank-disk.ts';

const bin = resolve(import.meta.dirname, '../../src/cli/bin.ts');
const uid = 54_321;
const socket = '/var/run/docker.sock';

const twoTests = `
import { expect, test } from 'alpy/test';
for (const name of ['first', 'second']) {
  test(name, async ({ dut, links, nodes: [node] }) => {
    await node.configure({ address: '192.168.1.2/24' });
    await node.ping('192.168.1.1', { timeoutMs: 1000 });
    await expect(links[0]).toHaveSeen('arp');
    expect(await dut.isRunning()).toBe(true);
  });
}
`;

test('tests pass in a folder whose path is too long for a socket', async ({ skip }) => {
  if (process.getuid?.() !== 0) skip('only root can run alpy as somebody else');
  const gid = statSync(socket, { throwIfNoEntry: false })?.gid;
  if (gid === undefined) skip(`there is no ${socket}`);
  if (spawnSync(process.execPath, [bin, '--version'], { uid, gid, cwd: '/', encoding: 'utf8' }).status !== 0)
    skip('somebody who is not root may not read this folder');
  const top = await mkdtemp(join(tmpdir(), 'alpy-user-'));
  try {
    await chmod(top, 0o755);
    const project = join(top, 'a'.repeat(100));
    await mkdir(join(project, 'tests'), { recursive: true });
    await writeFile(join(project, 'alpy.yaml'), 'appliance: { image: blank.raw, memoryMiB: 64 }\ntopology: { links: 1 }\n');
    await writeFile(join(project, 'tests/two.test.ts'), twoTests);
    await writeBlankDisk(join(project, 'blank.raw'));
    for (const path of [top, project, ...(await readdir(project, { recursive: true })).map((name) => join(project, name))])
      chownSync(path, uid, gid ?? 0);
    const env = { ...process.env, HOME: top, TMPDIR: top, XDG_CACHE_HOME: top, ALPY_SNAPSHOTS_DIRECTORY: join(top, 'snapshots') };
    const plain = { ...env, VITEST: '', VITEST_WORKER_ID: '', VITEST_POOL_ID: '', NODE_OPTIONS: '' };
    const args = [bin, 'run', '--accel', 'tcg'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      uid,
      gid,
      cwd: project,
      env: plain,
      encoding: 'utf8',
    });
    expect({ status, stdout }, stderr).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('2 passed, 0 failed') as string,
    });
    expect(await readdir(join(project, 'alpy-out/tests'))).toEqual(['two-first', 'two-second']); // no socket is left
  } finally {
    await rm(top, { recursive: true });
  }
});
