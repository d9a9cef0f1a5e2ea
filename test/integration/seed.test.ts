// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Appliance } from '../../src/config/index.ts';
import { resolveTopology } from '../../src/topology/index.ts';
import { rabbit, TestHost } from '../support/testbeds.ts';

let testHost: TestHost;
let directory: string;

beforeAll(async () => {
  testHost = await TestHost.open();
  directory = await mkdtemp(join(tmpdir(), 'alpy-seed-'));
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const cloudInit = (hostname: string): Appliance['cloudInit'] => ({
  userData: { hostname },
  metaData: 'instance-id: one\n',
  networkConfig: { version: 2 },
});

/** The guest finds the seed by its label, and reads it sector by sector, since Rabbit knows no ISO 9660. */
const readSeed = `device=$(findfs LABEL=CIDATA) && echo $device $(cat /sys/block/\${device#/dev/}/ro)
  tr -c '[:print:]\\n' '\\n' <$device | grep -e hostname: -e instance-id: -e version: | sort`;

test('a guest from a snapshot reads its seed from a read-only drive; another seed makes another snapshot', async () => {
  const factory = testHost.factory({ snapshots: { directory: join(directory, 'store'), maxBytes: 2 * 1024 ** 3 } });
  const topology = resolveTopology({ links: 0 });
  const outputs: string[] = [];
  for (const hostname of ['one', 'two']) {
    const appliance = rabbit({ cloudInit: cloudInit(hostname) });
    const disk = await factory.inspectDisk(appliance);
    const request = {
      devices: [{ appliance, disk }],
      topology,
      directory: join(directory, hostname),
      start: 'snapshot',
    } as const;
    await using testbed = await factory.create(request);
    expect(testbed.dut.isAtSnapshot).toBe(true);
    await testbed.boot();
    outputs.push((await testbed.dut.shell.run(readSeed)).output);
  }
  expect(outputs).toEqual(['one', 'two'].map((name) => `/dev/vdb 1\nhostname: ${name}\ninstance-id: one\nversion: 2`));
});

test('a guest with an AHCI disk sees its seed as a CD', async () => {
  const testbed = await testHost.testbed(rabbit({ cloudInit: cloudInit('one'), disk: 'ahci' }), 0);
  await testbed.dut.boot();
  const { output } = await testbed.dut.shell.run('dmesg | grep ATAPI');
  expect(output).toMatch(/QEMU DVD-ROM/i);
});
