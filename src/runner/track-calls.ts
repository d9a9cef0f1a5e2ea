// SPDX-License-Identifier: GPL-3.0-or-later
import { chai } from 'vitest';
import { addNotes } from '../core/errors.ts';
import { RemoteShell } from '../access/index.ts';
import { Capture } from '../capture/index.ts';
import { SerialConsole } from '../console/index.ts';
import { App, Dhcp, Dns, Flow, Http, Node, Ntp, Radius, Syslog, Tftp } from '../network/index.ts';
import { QmpClient } from '../qemu/index.ts';
import { Dut, DutPower, Link, LinkFault, Services } from '../testbed/index.ts';
import { Apps } from '../testbed/apps.ts';
import { deviceLabel } from './device-labels.ts';
import { matchers } from './matchers.ts';
import { currentCalls, trackMethods, type TestCalls } from './test-calls.ts';

/** Tracks tests' calls to all objects from fixtures, and to alpy's matchers, which must have been added before. */
export function trackAllCalls(): void {
  trackMethods(Node.prototype, ({ name }) => name);
  trackMethods(App.prototype, ({ name }) => `(app ${name})`);
  trackMethods(Apps.prototype, () => 'apps');
  trackMethods(Services.prototype, () => 'services');
  for (const { prototype } of [Dhcp, Dns, Http, Ntp, Radius, Syslog, Tftp])
    trackMethods<{ readonly name: string }>(prototype, ({ name }) => name);
  for (const { prototype } of [DutPower, Dut]) trackMethods<object>(prototype, deviceLabel);
  trackMethods(RemoteShell.prototype, ({ console }) => `${deviceLabel(console)}.shell`);
  trackMethods(SerialConsole.prototype, (console) => `${deviceLabel(console)}.console`);
  trackMethods(QmpClient.prototype, (qmp) => `${deviceLabel(qmp)}.qmp`);
  trackMethods(Link.prototype, ({ name }) => name);
  trackMethods(Flow.prototype, ({ name }) => name);
  trackMethods(LinkFault.prototype, ({ link }) => `(fault of ${link})`);
  trackMethods(Capture.prototype, ({ name }) => `${name}.capture`);
  trackMethods<object>(chai.Assertion.prototype, expectation, Object.keys(matchers));
}

/** `expect(node0).not` */
function expectation(assertion: object): string {
  const object: unknown = chai.util.flag(assertion, 'object');
  const name = typeof object === 'object' && object !== null && 'name' in object ? String(object.name) : '…';
  return `expect(${name})${chai.util.flag(assertion, 'negate') === true ? '.not' : ''}`;
}

/**
 * Makes unhandled rejections and uncaught exceptions errors of their test instead of the whole run.
 * @param runningTests - names the tests that are running, for errors of which the test is unknown
 */
export function watchUncaught(runningTests: () => readonly string[]): void {
  const owners = new WeakMap<Promise<unknown>, TestCalls>();
  process.on('unhandledRejection', (reason, promise) => {
    const calls = currentCalls();
    if (calls?.takeRejection(promise, reason) !== true) throw reason; // becomes an uncaught exception, which Vitest reports outside any test
    owners.set(promise, calls);
  });
  process.on('rejectionHandled', (promise) => owners.get(promise)?.dropRejection(promise)); // not in the context of the test
  // Vitest reports these outside any test; the notes tell the main process more
  process.on('uncaughtExceptionMonitor', (error) => {
    const calls = currentCalls();
    if (calls?.takeException(error) === true) addNotes(error, { isOfTest: true });
    else addNotes(error, calls ? { endedTest: calls.test } : { tests: runningTests() });
  });
}
