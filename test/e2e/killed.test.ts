// SPDX-License-Identifier: GPL-3.0-or-later
// A run that is killed at any moment leaves nothing, without another run.
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { glob, mkdir } from 'node:fs/promises';
import Docker from 'dockerode';
import { expect, test, vi } from 'vitest';
import { jobLabel } from '../../src/docker/index.ts';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { Project, waitForLine } from '../support/cli.ts';
import { procText } from '../support/processes.ts';
import { suiteId } from '../support/suite.ts';

const docker = new Docker();
/** The goal is 5 s; a busy machine gets more. */
const longMs = 30_000;

/** What is left of a run of this project: containers, processes, folders of sockets, temporary files. */
async function left(project: Project, jobId: string, temporary: string): Promise<readonly string[]> {
  const containers = await docker.listContainers({ all: true, filters: { label: [`${jobLabel}=${jobId}`] } });
  const processes = readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && procText(pid, 'environ').includes(`ALPY_JOB_ID=${jobId}`),
  );
  const sockets = await Array.fromAsync(glob('alpy-out/tests/**/.alpy*', { cwd: project.directory }));
  return [
    ...containers.map(({ Names, State }) => `${Names.join(' ')} ${State}`),
    ...processes.map((pid) => `process ${procText(pid, 'cmdline').replaceAll('\0', ' ')}`),
    ...sockets,
    ...readdirSync(temporary).filter((name) => name !== 'alpy-vite'), // the cache of all runs
  ];
}

const endless = `
import { test } from 'alpy/test';
test('first', async ({ dut }) => { await dut.console.expect('never', { timeoutMs: 600_000 }); });
`;

test.each([
  ['the main process', 'while a testbed is made', /Set the testbed up\.\.\.$/, 1],
  ['the process group', 'while a testbed is made', /Set the testbed up\.\.\.$/, -1],
  ['the main process', 'in a test', /Set the testbed up\.\.\. done/, 1],
  ['the process group', 'in a test', /Set the testbed up\.\.\. done/, -1],
])(
  'SIGKILL to %s %s leaves nothing',
  async (_, _moment, line, sign) => {
    await using project = await Project.create({
      'alpy.yaml': 'appliance: { image: blank.raw, memoryMiB: 64 }\ntopology: { links: 1 }\nworkers: 1\n',
      'tests/a.test.ts': endless,
    });
    await writeBlankDisk(project.path('blank.raw'));
    const [jobId, temporary] = [`${suiteId()}-killed`, project.path('tmp')];
    await mkdir(temporary);
    const child = project.start(['run', '--verbose'], { ALPY_JOB_ID: jobId, TMPDIR: temporary });
    await waitForLine(child, line);
    expect(await left(project, jobId, temporary)).not.toEqual([]);
    const exited = once(child, 'exit');
    process.kill(sign * child.pid!, 'SIGKILL');
    await exited;
    await vi.waitFor(() => expect(left(project, jobId, temporary)).resolves.toEqual([]), { timeout: longMs, interval: 100 });
  },
  120_000,
);
