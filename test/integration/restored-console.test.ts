// SPDX-License-Identifier: GPL-3.0-or-later
// The console, and alpy's own commands, on a restored guest whose `date` refuses to set the clock.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withSink } from '../../src/core/step.ts';
import type { Snapshot } from '../../src/snapshot/index.ts';
import type { Appliance, Testbed } from '../../src/testbed/index.ts';
import { resolveTopology } from '../../src/topology/index.ts';
import { TestHost, rabbit } from '../support/testbeds.ts';

const refusal = 'date: cannot set date: Operation not permitted';
const provision = [
  `mkdir -p /usr/local/sbin && printf '#!/bin/sh\\necho ${refusal} >&2\\nexit 1\\n' >/usr/local/sbin/date && chmod +x /usr/local/sbin/date`,
];
// no prompt is configured but that of the shell, as `alpy init` once wrote it
const login = { user: 'root', password: 'rabbit', shellPrompt: '/[#$] $/' };
const appliance = rabbit({ login, provision });

let testHost: TestHost;
let directory: string;
let snapshot: Snapshot;

beforeAll(async () => {
  testHost = await TestHost.open();
  directory = await mkdtemp(join(tmpdir(), 'alpy-restored-'));
  const factory = testHost.factory({ snapshots: { directory: join(directory, 'store'), maxBytes: 4096 * 1024 ** 2 } });
  const disk = await factory.inspectDisk(appliance);
  snapshot = await factory.provideSnapshot({ appliance, topology: resolveTopology({ links: 0 }), disk }, join(directory, 'boot'));
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function restore(changes: Partial<Appliance> = {}): Promise<Testbed> {
  const testbed = await testHost.testbed({ ...appliance, ...changes }, 0, { start: snapshot });
  await testbed.dut.boot();
  return testbed;
}

test('console calls wait until the clock command has run; if it is refused, that is a warning', async () => {
  const lines: string[] = [];
  await withSink(
    (event) => {
      if (event.kind === 'log') lines.push(event.text);
    },
    async () => {
      await using testbed = await restore();
      const { dut } = testbed;
      const typed = dut.console.sendLine('echo x-$((1 + 1))');
      await dut.console.expect('x-2', { timeoutMs: 60_000 * dut.timeFactor });
      await typed;
      await dut.waitForClock();
      expect((await dut.shell.run('hostname')).output).toBe('rabbit');
    },
  );
  expect(lines.filter((line) => line.startsWith("warning: the guest's clock cannot be set"))).toEqual([
    expect.stringContaining(refusal),
  ]);
});

test('a configured clock command that is refused is a usage error that names the key', async () => {
  await using testbed = await restore({ clockCommand: 'date -s @{seconds}' });
  const expected = {
    code: 'ALPY_USAGE',
    message: expect.stringMatching(/^appliance\.clockCommand: /) as string,
  };
  await expect(testbed.dut.waitForClock()).rejects.toMatchObject(expected);
  await expect(testbed.dut.shell.run('true')).rejects.toMatchObject(expected);
});

test('a refused reboot fails at once; a reset forgets the prompt from before it', async () => {
  await using testbed = await restore({ clockCommand: '', rebootCommand: 'echo must be superuser; exit 1' });
  const { dut } = testbed;
  const error: unknown = await dut.reboot({ timeoutMs: 1_000_000 }).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'ALPY_COMMAND', output: expect.stringContaining('must be superuser') as string });
  await dut.console.sendLine(); // leaves a prompt that no call has consumed
  await Promise.all([dut.reset(), dut.login()]);
  expect((await dut.shell.run('ls /usr/local/sbin/date', { check: false })).exitStatus).not.toBe(0); // it has booted again
});
