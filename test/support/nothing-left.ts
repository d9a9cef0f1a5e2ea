// SPDX-License-Identifier: GPL-3.0-or-later
import { readdirSync } from 'node:fs';
import Docker from 'dockerode';
import { runLabel } from '../../src/docker/index.ts';
import { procText, qemuProcesses } from './processes.ts';

/** Looks before and after all tests of a project: whatever is there afterwards and was not before has been left behind. */
export default async function nothingLeft(): Promise<() => Promise<void>> {
  const before = await leftovers();
  return async () => {
    const known = new Set(before);
    const left = (await leftovers()).filter((one) => !known.has(one));
    if (left.length > 0) throw new Error(`the tests have left behind:\n${left.join('\n')}`);
  };
}

/** Containers of alpy, QEMU processes and taps. */
async function leftovers(): Promise<readonly string[]> {
  const containers = await new Docker().listContainers({ all: true, filters: { label: [runLabel] } });
  const taps = readdirSync('/sys/class/net').filter((name) => /^tap\d+$/.test(name));
  return [
    ...containers.map(({ Names, State }) => `container ${Names.join(' ')} (${State})`),
    ...qemuProcesses().map((pid) => `process ${pid} ${procText(pid, 'comm')}`),
    ...taps.map((name) => `interface ${name}`),
  ];
}
