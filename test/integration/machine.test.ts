// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of an appliance that describe its machine, as a guest sees them.
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveConfig } from '../../src/config/index.ts';
import { parseYaml } from '../../src/config/read.ts';
import { imageNamed, inspectImage } from '../../src/images/index.ts';
import type { Snapshot } from '../../src/snapshot/index.ts';
import type { Appliance, Testbed } from '../../src/testbed/index.ts';
import { resolveTopology } from '../../src/topology/index.ts';
import { writeArmHello } from '../support/arm-hello.ts';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { dumpBytes, filesInDump, writeFwCfgReader } from '../support/fw-cfg-reader.ts';
import { rabbit, rabbitImage, TestHost } from '../support/testbeds.ts';
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

/** The appliance of an example in docs/configuration.md. */
function documented(example: string): Appliance {
  const file = join(import.meta.dirname, '../../docs/examples/configuration', example);
  return resolveConfig({ file, raw: parseYaml(file, readFileSync(file, 'utf8')), directory }).config.devices[0].appliance;
}

async function restored(appliance: Appliance, links = 0): Promise<{ readonly testbed: Testbed; readonly snapshot: Snapshot }> {
  const factory = testHost.factory({ snapshots: { directory: join(directory, 'store'), maxBytes: 2 ** 32 } });
  const disk = await factory.inspectDisk(appliance);
  const logs = await mkdtemp(join(directory, 'boot-'));
  const snapshot = await factory.provideSnapshot({ appliance, topology: resolveTopology({ links }, appliance), disk }, logs);
  const testbed = await testHost.testbed(appliance, links, { start: snapshot });
  await testbed.dut.boot();
  return { testbed, snapshot };
}

describe('a guest from a snapshot', () => {
  let testbed: Testbed;

  beforeAll(async () => {
    const { smbios } = documented('machine.yaml');
    ({ testbed } = await restored(machine({ ...guest, smbios, tpm: '2.0', ready: [{ console: tinyReady }] })));
  });

  test('has booted by kernel, initrd and kernelArgs', async () => {
    expect(await ask(testbed.dut, 'cat /proc/cmdline')).toContain(guest.kernelArgs);
  });

  test('sees what the SMBIOS tables say', async () => {
    const system = 'sys_vendor product_name product_version product_serial product_uuid product_sku product_family';
    const board = 'board_vendor board_name board_version board_serial board_asset_tag';
    const chassis = 'chassis_vendor chassis_version chassis_serial chassis_asset_tag';
    const names = `${system} bios_vendor bios_version bios_date ${board} ${chassis}`;
    const seen = await ask(testbed.dut, `cd /sys/class/dmi/id; cat ${names}; grep -c C-1U /sys/firmware/dmi/tables/DMI`);
    expect(seen.split('\n')).toEqual([
      ...['Example, Inc.', 'R1000', '2', 'AB-1234', '5f0c3a1e-6d1b-4c9e-9b57-0242ac110002', 'R1000-EU', 'R'],
      ...['Example BIOS', '3.1', '01/02/2026'],
      ...['Example Boards', 'B1', '4', 'BO-1', 'BA-1'],
      ...['Example Cases', '5', 'CH-1', 'CA-1', '1'],
    ]);
    expect(await ask(testbed.dut, 'grep -c licence=full /sys/firmware/dmi/tables/DMI')).toBe('1');
  });

  test('has the TPM in the state in which it was saved', async () => {
    const [atBoot, now, version] = (await ask(testbed.dut, `cat /pcr ${pcr} /sys/class/tpm/tpm0/tpm_version_major`)).split('\n');
    expect(atBoot).toMatch(/^[0-9A-F]{64}$/);
    expect(atBoot).not.toMatch(/^0+$/); // the BIOS has measured itself
    expect(now).toBe(atBoot);
    expect(version).toBe('2');
  });
});

test('the documented hardware and commands work', async () => {
  const { testbed } = await restored({ ...documented('hardware.yaml'), image: rabbitImage });
  const { dut } = testbed;
  const watchdog = 'cat /sys/bus/pci/devices/*/device | grep -c 0x25ab';
  const { output } = await dut.shell.run(`nproc; ls -d /run/tests; ${watchdog}; grep -m 1 -o Nehalem /proc/cpuinfo`);
  expect(output.split('\n')).toEqual(['2', '/run/tests', '1', 'Nehalem']);
  const { output: memory } = await dut.shell.run("sed -n 's/MemTotal: *\\(.*\\) kB/\\1/p' /proc/meminfo");
  expect(Number(memory)).toBeLessThan(192 * 1024);
  expect(Number(memory)).toBeGreaterThan(128 * 1024);
  await dut.reboot();
  await dut.powerDown();
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

test('a microvm has its NICs in the order of the links, also after a restore', async () => {
  const nics = ['52:54:00:12:34:03', '52:54:00:12:34:01', '52:54:00:12:34:02'].map((mac) => ({ mac }));
  const kernelArgs = `${guest.kernelArgs} tsc_early_khz=1000000`; // without KVM, Linux has no timer that measures it
  const appliance = machine({ ...guest, kernelArgs, machine: 'microvm', nics, ready: [{ console: tinyReady }] });
  const { testbed } = await restored(appliance, nics.length);
  // Linux numbers virtio devices (LNRO0005) as it finds them. Their registers start with the kind, which is 1 for a NIC; a MAC follows.
  const seen = await ask(
    testbed.dut,
    `for d in $(ls -d /sys/devices/platform/LNRO0005:* | sort); do
       a=$((0x$(sed -n "s/^ *\\([0-9a-f]*\\)-.* : \${d##*/}\$/\\1/p" /proc/iomem)));
       [ $(devmem $((a + 8))) = 0x00000001 ] && echo $(for i in 0 1 2 3 4 5; do devmem $((a + 256 + i)) 8; done);
     done`.replaceAll('\n', ' '),
  );
  const macs = seen.split('\n').map((line) => line.toLowerCase().replaceAll('0x', '').replaceAll(' ', ':'));
  expect(macs).toEqual(nics.map(({ mac }) => mac));
});

describe('an ARM machine', () => {
  let appliance: Appliance;
  let missing: string | undefined;

  beforeAll(async () => {
    const { reference } = imageNamed(testHost.facts.images, 'qemu-arm64');
    const image = await inspectImage(testHost.engine.docker, reference);
    if (!image) missing = `there is no image ${reference}; scripts/setup --arm64 builds it`;
    const file = join(directory, 'hello.bin');
    await writeArmHello(file, 'hello from ARM');
    appliance = machine({ machine: 'virt', firmware: { file }, ready: [{ console: 'hello from ARM' }] });
  });

  test.for(['bind', 'copy'] as const)('has a console, which ends with its testbed (files: %s)', async (kind, { skip }) => {
    if (missing !== undefined) skip(missing);
    const testbed = await testHost.testbed(appliance, 1, { facts: { ...testHost.facts, access: { kind } } });
    await testbed.dut.start();
    await testbed.dut.console.expect('hello from ARM', { timeoutMs: 30_000 * testbed.dut.timeFactor });
    await testbed.close(); // fails if the console does not end
  });

  test('is restored from a snapshot', async ({ skip }) => {
    if (missing !== undefined) skip(missing);
    const { testbed } = await restored(appliance, 1);
    await testbed.dut.console.send('echo');
    await testbed.dut.console.expect('echo', { timeoutMs: 30_000 * testbed.dut.timeFactor });
  });
});
