// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { ownerState, ownIdentity, parseIdentity, processState, readProcess } from '../../../src/core/identity.ts';

const own = parseIdentity(ownIdentity()!)!;

test('a process is alive until it exits', async () => {
  const child = spawn('sleep', ['60']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  const pid = child.pid!;
  const identity = { ...own, pid, start: readProcess(pid)!.start };
  expect(processState(identity)).toBe('alive');
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
  expect(processState(identity)).toBe('dead');
});

test('a process that has ended is dead even if its parent has not noticed yet', async () => {
  // the child of the shell ends once the shell has become a sleep, which never waits for it
  const child = 'until read -r name </proc/$$/comm && [ "$name" = sleep ]; do :; done';
  const shell = spawn('sh', ['-c', `(${child}) & echo $!; exec sleep 60`]);
  onTestFinished(() => void shell.kill('SIGKILL'));
  const [data] = (await once(shell.stdout, 'data')) as [Buffer];
  const pid = Number(data.toString());
  await expect.poll(() => readProcess(pid)?.hasEnded, { timeout: 20_000 }).toBe(true);
  expect(processState({ ...own, pid, start: readProcess(pid)!.start })).toBe('dead');
});

test('a process is dead if another one has its PID', () => {
  expect(processState({ ...own, start: '1' })).toBe('dead');
});

test('the identity of this process as text is alive', () => {
  expect(own.pid).toBe(process.pid);
  expect(ownerState(ownIdentity())).toBe('alive');
});

test.each([
  ['from another boot or machine', (text: string) => text.replace(/^\S+/, '00000000-0000-0000-0000-000000000000')],
  ['from another PID namespace', (text: string) => text.replace(/pid:\[\d+\]/, 'pid:[1]')],
  ['that is missing', () => undefined],
  ['that is nonsense', () => 'x'],
])('the state of an owner is unknown if its identity is one %s', (_, change) => {
  expect(ownerState(change(ownIdentity()!))).toBe('unknown');
});
