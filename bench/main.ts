// SPDX-License-Identifier: GPL-3.0-or-later
// `npm run bench`: measures, compares with the Python original, and writes RESULTS.md.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import yargs from 'yargs';
import { Figures } from './figure.ts';
import { goalsOf } from './goals.ts';
import { openContext } from './context.ts';
import { help, referenceTest, referenceTests, suite } from './measures/commands.ts';
import { crowd } from './measures/crowd.ts';
import { floor } from './measures/floor.ts';
import { furtherDisksUp } from './measures/further-disks.ts';
import { holdMany } from './measures/held.ts';
import { faultAccuracy } from './measures/link-faults.ts';
import { manyNicsUp } from './measures/many-nics.ts';
import { memorySizes, restoreMethods } from './measures/restore.ts';
import { bootToPing, spareToPing, startToPing } from './measures/start-to-ping.ts';
import { severalDevicesUp } from './measures/several-devices.ts';
import { knownModels, throughput } from './measures/throughput.ts';
import { linkCounts, topology } from './measures/topology.ts';
import { vrrpFailover } from './measures/vrrp.ts';
import { munetTopology, setUpMunet } from './munet.ts';
import { original, setUpOriginal } from './original.ts';
import { describeMachine, resultsPage, summarise, type Results } from './results.ts';

const options = await yargs(process.argv.slice(2))
  .usage('$0 -- [options]')
  .options({
    json: { type: 'boolean', default: false, describe: 'print one JSON object, and write no file' },
    rounds: { type: 'number', default: 5, describe: 'how often to run each part' },
    original: { type: 'boolean', default: true, describe: 'compare with the Python original' },
    munet: { type: 'boolean', default: true, describe: 'compare topologies with munet' },
    only: {
      type: 'array',
      string: true,
      describe: 'parts: topology nics disks machines ping spare tests suite cli throughput faults crowd held vrrp restore floor',
    },
  })
  .strict()
  .parseAsync();

const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`);
const figures = new Figures();
const skipped: string[] = [];
const isSelected = (part: string): boolean => options.only === undefined || options.only.includes(part);
const reason = options.original ? await setUpOriginal() : 'switched off by --no-original';
if (reason !== undefined) {
  skipped.push(`comparison with the original: ${reason}`);
  say(`no comparison with the original: ${reason}`);
}
const munet = isSelected('topology') && options.munet ? await setUpMunet() : undefined;
if (typeof munet === 'string') {
  skipped.push(`comparison with munet: ${munet}`);
  say(`no comparison with munet: ${munet}`);
}

// the first signal stops the benchmark after the current part; the figures so far are written
const stop = new AbortController();
const isStopped = (): boolean => stop.signal.aborted;
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    stop.abort();
  });
}

const { context, close } = await openContext(figures, say);
/** Measures alpy, then the original, so that both run under the same conditions. */
const compare = async (measure: () => Promise<void>, originalArgs: readonly string[]): Promise<void> => {
  await measure();
  if (reason === undefined) await original(figures, originalArgs);
};
const parts: Readonly<Record<string, () => Promise<void>>> = {
  floor: () => floor(context),
  topology: async () => {
    for (const links of linkCounts) {
      await compare(() => topology(context, links), ['topology', '--links', String(links)]);
      if (typeof munet === 'object') await munetTopology(figures, munet, links);
    }
  },
  nics: () => manyNicsUp(context),
  disks: () => furtherDisksUp(context),
  machines: () => severalDevicesUp(context),
  ping: async () => {
    await compare(() => startToPing(context), ['ping']);
    await bootToPing(context);
  },
  spare: () => spareToPing(context),
  cli: () => help(context),
  throughput: async () => {
    for (const model of models) await throughput(context, model);
  },
  faults: () => faultAccuracy(context),
  crowd: () => crowd(context),
  held: () => holdMany(context),
  vrrp: () => vrrpFailover(context),
  tests: async () => {
    for (const name of referenceTests) await compare(() => referenceTest(context, name), ['test', name]);
  },
  suite: () => compare(() => suite(context), ['suite']),
};
let models: Awaited<ReturnType<typeof knownModels>> = [];
try {
  if (isSelected('throughput')) models = await knownModels(context, (line) => void skipped.push(line));
  await help(context);
  const warmUp = { ...context, figures: new Figures() }; // creates the snapshots, so that the measured runs find them
  if (isSelected('ping')) await startToPing(warmUp);
  if (isSelected('spare')) await spareToPing(warmUp);
  if (isSelected('nics')) await manyNicsUp(warmUp);
  if (isSelected('disks')) await furtherDisksUp(warmUp);
  if (isSelected('machines')) await severalDevicesUp(warmUp);
  if (isSelected('vrrp')) await vrrpFailover(warmUp);
  if (isSelected('suite')) await suite(warmUp);
  if (isSelected('tests')) for (const name of referenceTests) await referenceTest(warmUp, name);
  if (isSelected('restore')) {
    for (const memoryMiB of memorySizes) {
      say(`ways to restore ${memoryMiB} MiB`);
      await restoreMethods(context, memoryMiB, options.rounds);
    }
  }
  for (let round = 1; round <= options.rounds && !isStopped(); round += 1) {
    for (const [part, body] of Object.entries(parts)) {
      if (!isSelected(part) || isStopped()) continue;
      say(`round ${round} of ${options.rounds}: ${part}`);
      await body().catch((error: unknown) => {
        say(String(error));
        skipped.push(`round ${round} of ${part}: ${String(error).split('\n')[0] ?? ''}`);
      });
    }
  }
} finally {
  await close();
}

const { accel, accelReason } = context.testHost.facts;
const results: Results = {
  date: new Date().toISOString(),
  rounds: options.rounds,
  machine: await describeMachine({
    docker: context.testHost.engine.version,
    qemu: context.disk.qemuVersion,
    accelerator: `${accel} (${accelReason})`,
  }),
  skipped,
  goals: goalsOf(figures),
  figures: summarise(figures.all),
};
if (options.json) process.stdout.write(`${JSON.stringify(results)}\n`);
else {
  const page = resultsPage(results);
  const isComplete = options.only === undefined && reason === undefined && typeof munet === 'object';
  if (isComplete) await writeFile(join(import.meta.dirname, 'RESULTS.md'), page);
  process.stdout.write(page);
}
