// SPDX-License-Identifier: GPL-3.0-or-later
import { resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import type { ResolvedImage } from '../images/index.ts';
import type { Finding } from '../testbed/doctor.ts';
import { accelCacheFile } from './cache.ts';
import { printFindings } from './findings.ts';
import { loadOptionalConfig } from './optional-config.ts';
import { configOption, type CliIo } from './io.ts';

/** `alpy doctor` */
export const doctorCommand = (
  io: CliIo,
): CommandModule<object, { readonly config?: string | undefined; readonly json: boolean; readonly ci: boolean }> => ({
  command: 'doctor',
  describe: 'Say what this machine can do, and the command that mends what it cannot',
  builder: (yargs) =>
    yargs.options({
      ...configOption,
      json: { type: 'boolean', default: false, describe: 'print JSON' },
      ci: { type: 'boolean', default: false, describe: 'look also at what a GitLab runner and project have to set up' },
    }),
  handler: async ({ config: file, json, ci }) => {
    const [loaded, { resolveImages }, { examine }] = await Promise.all([
      loadOptionalConfig(io, file),
      import('../images/index.ts'),
      import('../testbed/doctor.ts'),
    ]);
    const config = loaded?.config;
    const images = resolveImages(io.env, config?.images);
    const found = await examine({
      images,
      accel: config?.accel ?? 'auto',
      memoryMiB: config?.appliance.memoryMiB ?? 256,
      appliance: config?.appliance,
      directory: io.directory,
      accelCacheFile: accelCacheFile(io.env),
      signal: io.signal,
      onWait: io.stderr,
    });
    const findings = ci ? [...found, ...(await ofJob(io, found, images, config?.out))] : found;
    const canRun = findings.every(({ result }) => result !== 'failure');
    if (json) io.stdout(JSON.stringify({ canRun, findings }, null, 2));
    else {
      printFindings(io, findings);
      io.stdout(canRun ? 'alpy can run here' : 'alpy cannot run here');
    }
    io.exitWith(canRun ? 0 : 3);
  },
});

async function ofJob(
  io: CliIo,
  found: readonly Finding[],
  images: readonly ResolvedImage[],
  out = resolve(io.directory, 'alpy-out'),
): Promise<readonly Finding[]> {
  const { examineJob } = await import('./doctor-ci.ts');
  const hasDaemon = found.every(({ name, result }) => name !== 'docker' || result === 'ok');
  return examineJob({ env: io.env, directory: io.directory, out, images, hasDaemon });
}
