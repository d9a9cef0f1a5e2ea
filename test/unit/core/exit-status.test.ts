// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { CommandError } from '../../../src/access/index.ts';
import { exitStatusOf, programEnd } from '../../../src/core/exit-status.ts';
import { AppEndedError, ContainerDiedError, ExecError } from '../../../src/docker/index.ts';

test('an exit status above 128 names the signal', () => {
  expect([0, 3, 127, 137, 143, 200].map((code) => exitStatusOf(code).text)).toEqual([
    'exit status 0',
    'exit status 3',
    'exit status 127',
    'signal SIGKILL (exit status 137)',
    'signal SIGTERM (exit status 143)',
    'exit status 200',
  ]);
  expect(exitStatusOf(139)).toEqual({ code: 139, signal: 'SIGSEGV', text: 'signal SIGSEGV (exit status 139)' });
});

test('a result has the signal only if there was one', () => {
  expect(programEnd(exitStatusOf(3))).toEqual({ exitStatus: 3 });
  expect(Object.keys(programEnd(exitStatusOf(3)))).toEqual(['exitStatus']);
  expect(programEnd(exitStatusOf(139))).toEqual({ exitStatus: 139, signal: 'SIGSEGV' });
});

test('the errors of shell, node, app and container have the same exit status and signal as a result', () => {
  const exitStatus = exitStatusOf(139);
  const ended = { command: [], exitStatus, stdout: '', stderr: '', what: 'but …', blame: 'device' } as const;
  for (const error of [
    new CommandError('console', 'crash', 139, ''),
    new ExecError('node0', ['crash'], exitStatus, '', ''),
    new AppEndedError('crash@node0', ended),
    new ContainerDiedError('node0', exitStatus, ''),
  ])
    expect(error).toMatchObject(programEnd(exitStatus));
});
