// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { EnvironmentError } from '../../../../src/core/errors.ts';
import { outcomeOfError } from '../../../../src/gitlab/executor/index.ts';
import {
  usesRunnersAppliance,
  readStartFailure,
  recordStartFailure,
  outcomeOfStartFailure,
} from '../../../../src/gitlab/executor/stages/start-failure.ts';
import { recordIfNew, ScriptOutputTail, logOnce } from '../../../../src/gitlab/executor/stages/log-once.ts';
import { SessionError } from '../../../../src/session/index.ts';
import { folder } from './make.ts';

const ofRunner = { variables: { ALPY_APPLIANCE: 'router' } };
const ofJob = { variables: {} };
const boot = new SessionError('dut did not boot\nlast output', 'ALPY_BOOT', 'environment', 'boot');
const disk = new SessionError('no such file', 'ALPY_DISK_IMAGE', 'environment', 'disk');
const login = new SessionError('wrong password', 'ALPY_LOGIN', 'usage', 'boot');
const service = new SessionError('ended', 'ALPY_SERVICE', 'usage', 'service');

test.each([
  [{ ALPY_APPLIANCE: 'router' }, true],
  [{ ALPY_APPLIANCE: 'router', ALPY_BOOT: 'cold', ALPY_APPLIANCE_IMAGE: '' }, true],
  [{ ALPY_APPLIANCE: 'router', ALPY_APPLIANCE_IMAGE: 'mine.qcow2' }, false],
  [{ ALPY_APPLIANCE: 'router', ALPY_TOPOLOGY_LINKS: '1' }, false],
  [{ ALPY_TOPOLOGY: 'a.yaml' }, false],
  [{}, false],
])('%j: the job uses an appliance of the runner unchanged: %j', (variables, expected) => {
  expect(usesRunnersAppliance({ variables })).toBe(expected);
});

test('an error in what the job describes is its fault, with the exit status of alpy run', () => {
  expect(outcomeOfStartFailure(boot, ofJob)).toEqual({ kind: 'failure', exitCode: 3 });
  expect(outcomeOfStartFailure(disk, ofJob)).toEqual({ kind: 'failure', exitCode: 3 });
  for (const error of [boot, disk, login]) expect(outcomeOfStartFailure(error, ofRunner)).toEqual({ kind: 'system' });
  expect(outcomeOfStartFailure(login, ofJob)).toEqual({ kind: 'failure', exitCode: 2 });
  expect(outcomeOfStartFailure(service, ofRunner)).toEqual({ kind: 'failure', exitCode: 2 });
  expect(outcomeOfStartFailure(new EnvironmentError('no daemon'), ofJob)).toEqual({ kind: 'system' });
});

test('the error is stored for later stages if a guest was started', async () => {
  const session = await folder();
  expect(await recordStartFailure(session, new EnvironmentError('no daemon'), ofJob)).toBeInstanceOf(EnvironmentError);
  const missing = await recordStartFailure(session, disk, ofJob);
  expect(outcomeOfError(missing)).toEqual({ kind: 'failure', exitCode: 3 });
  expect(await readStartFailure(session)).toBeUndefined();
  expect(await recordStartFailure(session, boot, ofRunner)).toMatchObject({ message: 'dut did not boot\nlast output' });
  const shown = new SessionError(`x\npicture: ${session}/testbed/screen.png`, 'ALPY_BOOT', 'environment', 'boot');
  expect(await recordStartFailure(await folder(), shown, ofJob)).toMatchObject({ message: shown.message });
  const later = await readStartFailure(session);
  expect(later?.message).toBe('there is no testbed; see the error above: dut did not boot');
  expect(outcomeOfError(later)).toEqual({ kind: 'system' });
  expect(await recordStartFailure(session, shown, ofJob)).toMatchObject({ message: 'x\npicture: alpy-out/testbed/screen.png' });
});

test('a message is logged once, with or without its code, and not if the script printed it', async () => {
  const session = await folder();
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  await logOnce(session, '', log);
  await logOnce(session, 'alpy: dut: the guest is gone; the last output was:\na (ALPY_GUEST_LOST)', log);
  await logOnce(session, 'dut: the guest is gone; the last output was:\na\nb', log);
  expect(lines).toHaveLength(1);
  const output = new ScriptOutputTail();
  output.append(Buffer.from('x'.repeat(100_000)));
  output.append(Buffer.from('web@node0: the container '));
  output.append(Buffer.from('ended\n'));
  await logOnce(session, 'alpy: web@node0: the container ended (ALPY_SERVICE)', log, (message) => output.includes(message));
  expect(lines).toHaveLength(1);
  expect(await recordIfNew(session, 'web@node0: the container ended')).toBe(false);
  await logOnce(session, 'alpy: another', log);
  expect(lines).toHaveLength(2);
});
