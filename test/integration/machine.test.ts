// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of an appliance that describe its machine, as a guest sees them.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imageNamed } from '../../src/images/index.ts';
import type { Snapshot } from '../../src/snapshot/index.ts';
import type { Appliance, Testbed } from '../../src/testbed/index.ts';
import { resolveTopology } from '../../src/topology/index.ts';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { dumpBytes, filesInDump, writeFwCfgReader } from '../support/fw-cfg-reader.ts';
import { rabbit, TestHost } from '../support/testbeds.ts';
import { ask, tinyReady, writeTinyGuest, type TinyGuest } from '../support/tiny-guest.ts';

let testHost: TestHost;
let directory: string;
let guest: TinyGuest;

/** where the kernel shows the TPM; reading it sends a command to the TPM */
const pcr = '/sys/class/tpm/tpm0/pcr-sha256/0';

beforeAll(async () => {
  testHost = await TestHost.open();
  directory = await mkdtemp(join(tmpdir(), 'alpy-machine-'));
  guest = await writeTinyGuest(imageNamed(testHost.facts.images, 'qemu').reference, directory, `cat ${pcr} >/pcr 2>/dev/null`);
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** A machine without a disk and a log-in. */
function machine(changes: Partial<Appliance>): Appliance {
  return rabbit({ image: undefined, login: undefined, ...changes });
}

async function restored(appliance: Appliance): Promise<{ readonly testbed: Testbed; readonly snapshot: Snapshot }> {
  const factory = testHost.factory({ snapshots: { directory: join(directory, 'store'), maxBytes: 2 ** 32 } });
  const disk = await factory.inspectDisk(appliance);
  const logs = await mkdtemp(join(directory, 'boot-'));
  const snapshot = await factory.provideSnapshot({ appliance, topology: resolveTopology({ links: 0 }), disk }, logs);
  const testbed = await testHost.testbed(appliance, 0, { start: snapshot });
  await testbed.dut.boot();
  return { testbed, snapshot };
}

describe('a guest from a snapshot', () => {
  let testbed: Testbed;

  beforeAll(async () => {
    const smbios = {
      manufacturer: 'Example, Inc.',
      product: 'R1000',
      serial: 'AB-1234',
      uuid: '5f0c3a1e-6d1b-4c9e-9b57-0242ac110002',
      bios: { vendor: 'Example BIOS', date: '01/02/2026' },
      board: { product: 'B1' },
      chassis: { asset: 'C1' },
      oemStrings: ['licence=full'],
    };
    ({ testbed } = await restored(machine({ ...guest, smbios, tpm: '2.0', ready: [{ console: tinyReady }] })));
  });

  test('has booted by kernel, initrd and kernelArgs', async () => {
    expect(await ask(testbed.dut, 'cat /proc/cmdline')).toContain(guest.kernelArgs);
  });

  test('sees what the SMBIOS tables say', async () => {
    const names = 'sys_vendor product_name product_serial product_uuid bios_vendor bios_date board_name chassis_asset_tag';
    const seen = await ask(testbed.dut, `cd /sys/class/dmi/id; cat ${names}; grep -c licence=full /sys/firmware/dmi/tables/DMI`);
    expect(seen.split('\n')).toEqual([
      ...['Example, Inc.', 'R1000', 'AB-1234', '5f0c3a1e-6d1b-4c9e-9b57-0242ac110002'],
      ...['Example BIOS', '01/02/2026', 'B1', 'C1', '1'],
    ]);
  });

  test('has the TPM in the state in which it was saved', async () => {
    const [atBoot, now, version] = (await ask(testbed.dut, `cat /pcr ${pcr} /sys/class/tpm/tpm0/tpm_version_major`)).split('\n');
    expect(atBoot).toMatch(/^[0-9A-F]{64}$/);
    expect(atBoot).not.toMatch(/^0+$/); // the BIOS has measured itself
    expect(now).toBe(atBoot);
    expect(version).toBe('2');
  });
});

test('UEFI keeps its variables through a snapshot and a reset', async () => {
  const image = join(directory, 'blank.raw');
  await writeBlankDisk(image);
  // nothing boots, so that the UEFI starts its shell
  const steps = [{ expect: '/Shell> $/', send: 'set alpy kept' }];
  const login = { user: 'none', shell: 'none', shellPrompt: '/Shell> $/', steps } as const;
  const { testbed, snapshot } = await restored(machine({ image, format: 'raw', firmware: 'uefi', login, lineEnd: 'cr' }));
  const variables = await readFile(join(snapshot.directory, 'firmware.fd'));
  expect(variables.includes(Buffer.from('alpy\0kept', 'utf16le'))).toBe(true);
  const { dut } = testbed;
  await dut.reset();
  await dut.console.expect('Shell> ', { timeoutMs: 60_000 * dut.timeFactor });
  await dut.console.sendLine('set alpy');
  await dut.console.expect('alpy = kept', { timeoutMs: 10_000 * dut.timeFactor });
});

test('a guest finds files in fw_cfg', async () => {
  const [image, file] = [join(directory, 'reader.raw'), join(directory, 'config, 1.json')];
  await Promise.all([writeFwCfgReader(image), writeFile(file, '{ "a": 1 }')]);
  const files = { 'opt/com.example/config': file, 'opt/com.example/name': { text: 'router, 1' } };
  const { dut } = await testHost.testbed(machine({ image, format: 'raw', files }), 0);
  let dump = Buffer.alloc(0);
  const { promise: whole, resolve } = Promise.withResolvers<void>();
  dut.console.observe((chunk) => {
    dump = Buffer.concat([dump, chunk]);
    if (dump.length >= dumpBytes) resolve();
  });
  await dut.start();
  await whole;
  expect(filesInDump(dump)).toMatchObject({ 'opt/com.example/config': '{ "a": 1 }', 'opt/com.example/name': 'router, 1' });
});

test('`console: firmware` shows what the BIOS prints', async () => {
  const image = join(directory, 'silent.raw');
  await writeBlankDisk(image);
  const { dut } = await testHost.testbed(machine({ image, format: 'raw', console: 'firmware' }), 0);
  await dut.start();
  await dut.console.expect('SeaBIOS (version', { timeoutMs: 30_000 * dut.timeFactor });
});
