// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunReport } from '../../src/report/index.ts';
import { alpyRun, repository } from '../alpy-run.ts';
import { testbedOf, type Context } from '../context.ts';
import { timed } from '../figure.ts';

/** Name of the figure of {@link spareToPing}. */
export const spareFigure = 'start to first answered ping, set up in advance';

/**
 * Measures from the start of the fixture, which looks up the snapshot, to the first answered ping with 2 links, and the tear-down.
 * Measures the first test of a process, and a later one, which reuses the lifeline.
 * @throws Error if a test failed
 */
export async function startToPing(context: Context): Promise<void> {
  const { failed, out } = await alpyRun(context, join(repository, 'bench/ping'), []);
  if (failed > 0) throw new Error('the device did not answer');
  const { tests } = JSON.parse(await readFile(join(out, 'run.json'), 'utf8')) as RunReport;
  for (const { name, directory, steps } of tests) {
    const kind = name === 'first' ? 'restored' : 'restored, not the first of its process';
    const ms = Number(await readFile(join(out, directory ?? '', 'start-to-ping-ms'), 'utf8'));
    context.figures.add(`start to first answered ping, ${kind}`, 'ms', ms);
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
  const { failed, out } = await alpyRun(context, join(repository, 'bench/spare'), []);
  if (failed > 0) throw new Error('the device did not answer');
  const { tests } = JSON.parse(await readFile(join(out, 'run.json'), 'utf8')) as RunReport;
  for (const { name, directory } of tests) {
    if (name === 'first') continue; // it has to make its testbed
    const ms = Number(await readFile(join(out, directory ?? '', 'start-to-ping-ms'), 'utf8'));
    context.figures.add(spareFigure, 'ms', ms);
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
  if (!report || report.received === 0) throw new Error('the device did not answer');
}
