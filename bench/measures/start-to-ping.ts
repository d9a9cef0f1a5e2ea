// SPDX-License-Identifier: GPL-3.0-or-later
import { passedTests } from '../alpy-run.ts';
import { testbedOf, type Context } from '../context.ts';
import { timed } from '../figure.ts';

const noAnswer = 'the device did not answer';

/** What the tests write: how long it took, in `ms`. */
const pingFile = 'start-to-ping-ms';

/** Name of the figure of {@link spareToPing}. */
export const spareFigure = 'start to first answered ping, set up in advance';

/**
 * Measures from the start of the fixture, which looks up the snapshot, to the first answered ping with 2 links, and the tear-down.
 * Measures the first test of a process, and a later one, which reuses the lifeline.
 * @throws Error if a test failed
 */
export async function startToPing(context: Context): Promise<void> {
  for (const { report, read } of await passedTests(context, 'bench/ping', noAnswer)) {
    const { name, steps } = report;
    const kind = name === 'first' ? 'restored' : 'restored, not the first of its process';
    context.figures.add(`start to first answered ping, ${kind}`, 'ms', Number(await read(pingFile)));
    const down = steps.find(({ category }) => category === 'testbed.teardown');
    if (down?.durationMs === undefined)
      throw new Error(`expected a step of category testbed.teardown in run.json for the test "${name}", got none`);
    context.figures.add(`testbed down, ${kind}`, 'ms', down.durationMs);
  }
}

/**
 * Measures the same for tests whose testbeds were set up while the tests before them ran.
 * @throws Error if a test failed
 */
export async function spareToPing(context: Context): Promise<void> {
  for (const { report, read } of await passedTests(context, 'bench/spare', noAnswer)) {
    if (report.name === 'first') continue; // it has to make its testbed
    context.figures.add(spareFigure, 'ms', Number(await read(pingFile)));
  }
}

/** Measures the same without `alpy run`, with a guest that boots and logs in. */
export async function bootToPing(context: Context): Promise<void> {
  const { ms, result: testbed } = await timed(async () => {
    const made = await testbedOf(context, 2);
    await made.dut.boot();
    await pingOnce(made);
    return made;
  });
  context.figures.add('start to first answered ping, booted', 'ms', ms);
  await testbed.close();
}

/** Sends one ping to the device. @throws Error if there is no answer */
export async function pingOnce({ nodes: [node] }: Awaited<ReturnType<typeof testbedOf>>): Promise<void> {
  await node?.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  const report = await node?.ping('192.168.1.1');
  if (!report || report.received === 0) throw new Error(noAnswer);
}
