// SPDX-License-Identifier: GPL-3.0-or-later
// GitLab Runner as an ordinary user who may use Docker.
import { chmod, chown, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useExecutorHost } from '../support/executor-host.ts';

const host = useExecutorHost();
const socket = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace(/^unix:\/\//, '');
/** of the user nobody */
const [uid, gid] = [65_534, 65_534];

/** Why the test cannot run here; `undefined` if it can. */
function reason(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can become another user';
  if (!socket.startsWith('/')) return `the daemon is not at a socket of this machine: ${socket}`;
  return undefined;
}

test('files that a script writes under umask 077 are uploaded', async ({ skip }) => {
  const why = reason();
  if (why !== undefined) skip(why);
  const { directory } = host();
  await chmod(directory, 0o755);
  const [root, home, artifacts] = ['ordinary', 'home', 'artifacts'].map((name) => join(directory, name));
  for (const folder of [root, home, artifacts]) {
    await mkdir(folder ?? '');
    await chown(folder ?? '', uid, gid);
  }
  const docker = (await stat(socket)).gid;
  const ids = `--reuid=${uid} --regid=${gid} --groups=${docker}`;
  // the stand-in for the runner is root, but a real runner's folder would belong to its user
  const become = `chown -R ${uid}:${gid} "$TMPDIR" && exec setpriv ${ids} "$@"`;
  const job = await host().start(
    {
      variables: { ALPY_APPLIANCE: 'silent' },
      script: [
        'umask 077',
        'id -u >user.txt; mkdir -p private/inner',
        'echo secret >private/inner/mine.txt; chmod 000 private/inner/mine.txt private/inner',
        'ln -s /etc/passwd private/link',
      ],
      artifacts: { paths: ['user.txt', 'private/inner/mine.txt', 'alpy-out/testbed/*'] },
    },
    { settings: { root }, environment: () => ({ HOME: home ?? '' }), wrapper: ['sh', '-c', become, 'sh'] },
  );
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'success' });
  expect(await host().readArtifact(job, 'user.txt')).toBe('0\n'); // in the job's container
  expect(await host().readArtifact(job, 'private/inner/mine.txt')).toBe('secret\n');
  expect(await host().artifacts(job)).toContain('alpy-out/testbed/link0.pcap');
  expect((await stat(host().artifact(job, 'user.txt'))).uid).toBe(uid);
  expect((await stat('/etc/passwd')).uid).toBe(0);
  for (const name of ['jobs', 'builds']) expect(await readdir(join(root ?? '', name))).toEqual([]);
});
