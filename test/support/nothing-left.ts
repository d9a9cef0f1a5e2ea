// SPDX-License-Identifier: GPL-3.0-or-later
import { readdirSync } from 'node:fs';
import Docker from 'dockerode';
import { jobLabel } from '../../src/docker/index.ts';
import { procText, qemuProcesses } from './processes.ts';
import { beginSuite, suiteId } from './suite.ts';

/**
 * Fails after all tests of a project if something of theirs is still there. Other alpy processes on this machine, such as a
 * second run of the tests, do not count.
 */
export default async function nothingLeft(): Promise<() => Promise<void>> {
  beginSuite();
  const docker = new Docker();
  const before = strays();
  return async () => {
    const containers = await docker.listContainers({ all: true, filters: { label: [`${jobLabel}=${suiteId()}`] } });
    const left = [
      ...containers.map(({ Names, State }) => `container ${Names.join(' ')} (${State})`),
      ...strays().filter((one) => !before.includes(one)),
    ];
    if (left.length > 0) throw new Error(`the tests have left behind:\n${left.join('\n')}`);
  };
}

/** QEMU processes and taps that belong to no container: those of a testbed are gone when its containers are. */
function strays(): readonly string[] {
  const taps = readdirSync('/sys/class/net').filter((name) => /^tap\d+$/.test(name));
  const processes = qemuProcesses().filter((pid) => !/[0-9a-f]{64}/.test(procText(pid, 'cgroup')));
  return [...processes.map((pid) => `process ${pid} ${procText(pid, 'comm')}`), ...taps.map((name) => `interface ${name}`)];
}
