// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { link, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { identityOf, ownIdentity } from '../../../src/core/identity.ts';
import type { GuardedRun, GuardNote } from '../../../src/docker/guard.ts';
import { ownedName } from '../../../src/core/owner.ts';
import { sweep as sweepSlowly, type SweepTimes } from '../../../src/docker/sweeper.ts';
import { listingDaemon } from '../../support/listing-daemon.ts';

const deadIdentity = ownIdentity()!.replace(/\d+ \d+$/, `${spawnSync('true').pid} 1`);

/** Does not wait as long as for a real daemon. */
function sweep(run: GuardedRun, notes: readonly GuardNote[], times: Partial<SweepTimes> = {}): Promise<void> {
  return sweepSlowly(run, notes, { graceMs, quietMs: 50, pollMs: 20, lateMs: 0, ...times });
}
const graceMs = 200;

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'alpy-sweeper-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true })); // the sweeper may have removed it
  return folder;
}

function sleeper(): ChildProcess {
  const child = spawn('sleep', ['600']);
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('containers of dead processes of the run are removed, those of living ones stay', async () => {
  const { socketPath, removed } = await listingDaemon([
    { name: 'dead', run: 'r1', owner: deadIdentity },
    { name: 'alive', run: 'r1', owner: ownIdentity() },
  ]);
  await sweep({ runId: 'r1', socketPath }, [{ process: deadIdentity }]);
  expect(removed).toEqual(['dead']);
});

test('a process of the run that does not end, for example because it is stopped, is killed, and then its containers are removed', async () => {
  const worker = sleeper();
  const [bystander, owner] = [sleeper(), identityOf(worker.pid!)!];
  const { socketPath, removed } = await listingDaemon([{ name: 'late', run: 'r1', owner }]);
  worker.kill('SIGSTOP');
  const exited = once(worker, 'exit');
  await sweep({ runId: 'r1', socketPath }, [{ process: deadIdentity }, { process: owner }]);
  expect(await exited).toEqual([null, 'SIGKILL']);
  expect(removed).toEqual(['late']);
  expect(bystander.signalCode).toBeNull();
});

test('a process that has got the PID of one of the run is not killed', async () => {
  const { socketPath } = await listingDaemon([]);
  const other = sleeper();
  await sweep({ runId: 'r1', socketPath }, [{ process: identityOf(other.pid!)!.replace(/\d+$/, '1') }]);
  expect(other.signalCode).toBeNull();
});

test('folders of sockets are removed below the tests, also if the daemon is gone; everything else stays', async () => {
  const folder = await temporaryFolder();
  const sockets = ['a/.alpyXy12Zz', 'a/retry1/.alpyAAAAAA'].map((name) => join(folder, name));
  const others = ['a/.alpy-not-ours', 'a/captures', '.alpyAAAAAAA'].map((name) => join(folder, name));
  for (const name of [...sockets, ...others]) await mkdir(name, { recursive: true });
  const socket = join(folder, 'keeper.sock');
  await writeFile(socket, '');
  const notes = [{ socketsBelow: folder }, { path: socket }, { process: deadIdentity }];
  await expect(sweep({ runId: 'r1', socketPath: join(folder, 'none.sock') }, notes)).rejects.toMatchObject({
    code: 'ALPY_DAEMON',
  });
  expect(sockets.filter(existsSync)).toEqual([]);
  expect(existsSync(socket)).toBe(false);
  expect(others.filter(existsSync)).toEqual(others);
});

test('a socket is removed with its folder if that is empty then, but not while a program listens at it', async () => {
  const { socketPath } = await listingDaemon([]);
  const session = join(await temporaryFolder(), 'session');
  const [console, keeper] = [join(session, 'shared', 'console.sock'), join(session, 'keeper.sock')];
  await mkdir(join(session, 'shared'), { recursive: true });
  for (const path of [console, keeper]) await writeFile(path, ''); // as refused as a socket without a program
  await sweep({ runId: 'r1', socketPath }, [{ socket: console }, { socket: keeper }, { process: deadIdentity }]);
  expect(existsSync(session)).toBe(false);

  await sweep({ runId: 'r1', socketPath }, [{ socket: socketPath }, { process: deadIdentity }]);
  expect(existsSync(socketPath)).toBe(true);
});

test('files with the name of a dead process are removed, those of a living one stay', async () => {
  const { socketPath } = await listingDaemon([]);
  const folder = await temporaryFolder();
  const alive = join(folder, ownedName('.draft-'));
  const dead = join(folder, ownedName('.draft-').replace(/-\d+-\d+-/, `-${deadIdentity.split(' ')[2]}-1-`));
  for (const name of [alive, dead]) await mkdir(name);
  await sweep({ runId: 'r1', socketPath }, [{ folder, prefix: '.draft-' }]);
  expect([alive, dead].map(existsSync)).toEqual([true, false]);
});

test('while the guarded process lives, no process is killed and no file is removed', async () => {
  const [owner, worker] = [sleeper(), sleeper()];
  const socket = join(await temporaryFolder(), 'keeper.sock');
  await writeFile(socket, '');
  const { socketPath } = await listingDaemon([]);
  const notes = [{ owner: identityOf(owner.pid!)! }, { process: identityOf(worker.pid!)! }, { path: socket }];
  const sweeping = sweep({ runId: 'r1', socketPath }, notes);
  const longEnough = setTimeout(2 * graceMs, 'waits');
  await expect(Promise.race([sweeping, longEnough])).resolves.toBe('waits');
  expect([worker.signalCode, existsSync(socket)]).toEqual([null, true]);
  owner.kill('SIGKILL');
  await sweeping;
  expect(existsSync(socket)).toBe(false);
});

test('waits for a daemon that is restarting', async () => {
  const { socketPath, removed } = await listingDaemon([{ name: 'late', run: 'r1', owner: deadIdentity }]);
  const later = join(await temporaryFolder(), 'docker.sock');
  const sweeping = sweep({ runId: 'r1', socketPath: later }, [{ process: deadIdentity }], { lateMs: 10_000 });
  await setTimeout(100);
  expect(removed).toEqual([]);
  await link(socketPath, later); // from now on something listens
  await sweeping;
  expect(removed).toEqual(['late']);
});
