// SPDX-License-Identifier: GPL-3.0-or-later
import { availableMemoryMiB, testbedOverheadMiB } from '../core/memory.ts';
import type { Engine } from '../docker/index.ts';
import type { RunnerEntry, Settings } from '../gitlab/executor/index.ts';
import { failure, type Finding } from './finding.ts';

const name = 'memory';

/** Checks whether one testbed fits into the available memory. */
export async function checkMemory(
  engine: Engine,
  { memoryMiB, signal }: { readonly memoryMiB: number; readonly signal?: AbortSignal | undefined },
): Promise<Finding> {
  const needed = memoryMiB + testbedOverheadMiB.tcg;
  const info = await engine.call(
    'ask how much memory there is',
    signal,
    () => engine.docker.info() as Promise<{ readonly MemTotal?: number }>,
  );
  const total = Math.floor((info.MemTotal ?? 0) / 1024 ** 2);
  const available = (await availableMemoryMiB()) ?? total; // of this machine, even if the daemon runs on another
  const text = `${available} MiB available of ${total}, one testbed takes about ${needed}`;
  if (available >= needed) return { name, result: 'ok', text };
  return failure(name, text, 'end other programs, or lower appliance.memoryMiB');
}

/** Checks whether all jobs that a runner may start at the same time fit into the machine's memory. Pure. */
export function checkMemoryForJobs({ jobs }: RunnerEntry, { limits, file }: Settings, totalMiB: number): Finding {
  const needed = jobs * (limits.memoryMiB + testbedOverheadMiB.tcg);
  const text = `${jobs} jobs at once may take ${needed} MiB; the machine has ${totalMiB}`;
  if (needed <= totalMiB) return { name, result: 'ok', text };
  return { name, result: 'warning', text, remedy: `lower concurrent in config.toml, or limits.memoryMiB in ${file}` };
}
