// SPDX-License-Identifier: GPL-3.0-or-later
import { resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { printableJson } from '../core/text.ts';
import type { Finding } from '../doctor/finding.ts';
import type { ResolvedImage } from '../images/index.ts';
import { accelCacheFile } from './cache.ts';
import { checkLinksOf, printLinks } from './doctor-links.ts';
import { printFindings } from './findings.ts';
import { loadOptionalConfig } from './optional-config.ts';
import { configOption, type CliIo } from './io.ts';
import { ownProgram } from './session.ts';

interface DoctorArguments {
  readonly config?: string | undefined;
  readonly json: boolean;
  readonly ci: boolean;
  readonly fix: boolean;
  readonly links: boolean;
}

/** `alpy doctor` */
export const doctorCommand = (io: CliIo): CommandModule<object, DoctorArguments> => ({
  command: 'doctor',
  describe: 'Check what this machine can do, and say how to fix what does not work',
  builder: (yargs) =>
    yargs.options({
      ...configOption,
      json: { type: 'boolean', default: false, describe: 'print JSON' },
      ci: { type: 'boolean', default: false, describe: 'also check the settings of the GitLab runner and project' },
      fix: { type: 'boolean', default: false, describe: 'run the commands that fix what was found, then check again' },
      links: {
        type: 'boolean',
        default: false,
        describe: 'also send frames of all kinds through each kind of link, and print which ones pass unchanged',
      },
    }),
  handler: async (args) => {
    const { hasFailure } = await import('../doctor/finding.ts');
    let findings = await check(io, args);
    if (args.fix && (await fix(io, args, findings))) findings = await check(io, args);
    const forRun = findings.filter(({ isForCi }) => isForCi !== true);
    const canRun = !hasFailure(forRun);
    const links = args.links ? await checkLinksOf(io, (await loadOptionalConfig(io, args.config))?.config) : undefined;
    const all = links ? [...findings, links.finding] : findings;
    if (args.json) io.stdout(printableJson({ canRun, findings: all, links: links?.report }, 2));
    else {
      printFindings(io, forRun);
      io.stdout(canRun ? 'alpy can run here' : 'alpy cannot run here');
      const forCi = findings.filter((finding) => !forRun.includes(finding));
      if (forCi.length > 0) io.stdout('\nneeded only by GitLab CI:');
      printFindings(io, forCi);
      if (links) await printLinks(io, links);
    }
    io.exitWith(hasFailure(all) ? 3 : 0);
  },
});

/** What only CI needs is fixed only with `--ci`. */
async function fix(io: CliIo, { ci }: DoctorArguments, findings: readonly Finding[]): Promise<boolean> {
  const { runFixes } = await import('../doctor/fix.ts');
  const { directory, signal } = io;
  const needed = findings.filter(({ isForCi }) => ci || isForCi !== true);
  return runFixes(needed, { directory, signal, alpy: (args) => ownProgram(...args), print: io.stderr });
}

async function check(io: CliIo, { config: file, ci }: DoctorArguments): Promise<readonly Finding[]> {
  const [{ resolveImages }, { checkMachine }] = await Promise.all([import('../images/index.ts'), import('../doctor/machine.ts')]);
  const config = (await loadOptionalConfig(io, file))?.config;
  const images = resolveImages(io.env, config?.images);
  const found = await checkMachine({
    images,
    accel: config?.accel ?? 'auto',
    memoryMiB: config?.devices.reduce((sum, { appliance }) => sum + appliance.memoryMiB, 0) ?? 256,
    appliances: Object.entries(config?.appliances ?? {}).map(([name, appliance]) => ({ name, appliance })),
    directory: io.directory,
    accelCacheFile: accelCacheFile(io.env),
    signal: io.signal,
    onWait: io.stderr,
  });
  return ci ? [...found, ...(await checkJob(io, found, images, config?.out))] : found;
}

async function checkJob(
  io: CliIo,
  found: readonly Finding[],
  images: readonly ResolvedImage[],
  out = resolve(io.directory, 'alpy-out'),
): Promise<readonly Finding[]> {
  const [{ checkCiJob }, { isDaemonUsable }] = await Promise.all([import('../doctor/ci-job.ts'), import('../doctor/daemon.ts')]);
  return checkCiJob({ env: io.env, directory: io.directory, out, images, hasDaemon: isDaemonUsable(found) });
}
