// SPDX-License-Identifier: GPL-3.0-or-later
import type { Config } from '../config/index.ts';
import type { LinkReport } from '../doctor/links/check-links.ts';
import type { Finding } from '../doctor/finding.ts';
import { accelCacheFile } from './cache.ts';
import { printFindings } from './findings.ts';
import { jobIdOf } from './job-id.ts';
import type { CliIo } from './io.ts';

/** What `alpy doctor --links` found. */
export interface LinksResult {
  readonly finding: Finding;
  /** absent if the links could not be checked */
  readonly report?: LinkReport;
}

/** Sends frames through links, for `alpy doctor --links`. The NICs are those of the configuration's devices. */
export async function checkLinksOf(io: CliIo, config: Config | undefined): Promise<LinksResult> {
  const [{ resolveImages }, { checkLinks, judgeLinks, linksFailed }] = await Promise.all([
    import('../images/index.ts'),
    import('../doctor/links/check-links.ts'),
  ]);
  const [first = 'virtio-net-pci', second = first] = new Set(
    config?.devices.flatMap(({ appliance }) => [appliance.nic, ...(appliance.nics ?? []).flatMap(({ model }) => model ?? [])]),
  );
  try {
    const report = await checkLinks({
      images: resolveImages(io.env, config?.images),
      accel: config?.accel ?? 'auto',
      models: [first, second],
      accelCacheFile: accelCacheFile(io.env),
      jobId: jobIdOf(io.env),
      print: io.stderr,
      signal: io.signal,
    });
    return { finding: judgeLinks(report), report };
  } catch (error) {
    io.signal.throwIfAborted();
    return { finding: linksFailed(error) };
  }
}

/** Prints the matrix and the finding. */
export async function printLinks(io: CliIo, { finding, report }: LinksResult): Promise<void> {
  io.stdout('');
  if (report) {
    const { renderMatrix } = await import('../doctor/links/render.ts');
    for (const line of renderMatrix(report.paths)) io.stdout(line);
    io.stdout('');
  }
  printFindings(io, [finding]);
}
