// SPDX-License-Identifier: GPL-3.0-or-later
import { resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import type { Finding } from '../doctor/finding.ts';
import type { ResolvedImage } from '../images/index.ts';
import { accelCacheFile } from './cache.ts';
import { printFindings } from './findings.ts';
import { loadOptionalConfig } from './optional-config.ts';
import { configOption, type CliIo } from './io.ts';

/** `alpy doctor` */
export const doctorCommand = (
  io: CliIo,
): CommandModule<object, { readonly config?: string | undefined; readonly json: boolean; readonly ci: boolean }> => ({
  command: 'doctor',
  describe: 'Check what this machine can do, and say how to fix what does not work',
  builder: (yargs) =>
    yargs.options({
      ...configOption,
      json: { type: 'boolean', default: false, describe: 'print JSON' },
      ci: { type: 'boolean', default: false, describe: 'also check the settings of the GitLab runner and project' },
    }),
  handler: async ({ config: file, json, ci }) => {
    const [{ resolveImages }, { checkMachine }, { hasFailure }] = await Promise.all([
      import('../images/index.ts'),
      import('../doctor/machine.ts'),
      import('../doctor/finding.ts'),
    ]);
    const config = (await loadOptionalConfig(io, file))?.config;
    const images = resolveImages(io.env, config?.images);
    const found = await checkMachine({
      images,
      accel: config?.accel ?? 'auto',
      memoryMiB: config?.appliance.memoryMiB ?? 256,
      appliance: config?.appliance,
      directory: io.directory,
      accelCacheFile: accelCacheFile(io.env),
      signal: io.signal,
      onWait: io.stderr,
    });
    const findings = ci ? [...found, ...(await checkJob(io, found, images, config?.out))] : found;
    const canRun = !hasFailure(findings);
    if (json) io.stdout(JSON.stringify({ canRun, findings }, null, 2));
    else {
      printFindings(io, findings);
      io.stdout(canRun ? 'alpy can run here' : 'alpy cannot run here');
    }
    io.exitWith(canRun ? 0 : 3);
  },
});

async function checkJob(
  io: CliIo,
  found: readonly Finding[],
  images: readonly ResolvedImage[],
  out = resolve(io.directory, 'alpy-out'),
): Promise<readonly Finding[]> {
  const [{ checkCiJob }, { isDaemonUsable }] = await Promise.all([import('../doctor/ci-job.ts'), import('../doctor/daemon.ts')]);
  return checkCiJob({ env: io.env, directory: io.directory, out, images, hasDaemon: isDaemonUsable(found) });
}
