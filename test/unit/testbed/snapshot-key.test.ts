// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Engine } from '../../../src/docker/index.ts';
import { identify } from '../../../src/qemu/index.ts';
import { inspectNamedFiles } from '../../../src/testbed/named-files.ts';
import { TestbedFactory, type Appliance, type HostFacts } from '../../../src/testbed/index.ts';
import { resolveTopology, type NodeConfig, type RawTopology } from '../../../src/topology/index.ts';
import { disksWith } from '../../support/disks.ts';
import { rabbit } from '../../support/testbeds.ts';

let directory: string;
let image: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-key-'));
  image = join(directory, 'disk.qcow2');
  await writeFile(image, 'disk');
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

const facts: HostFacts = {
  images: [{ name: 'qemu', reference: 'alpy/qemu', origin: 'default' } as unknown as HostFacts['images'][number]],
  accel: 'tcg',
  accelReason: '',
  access: { kind: 'bind' },
  timeFactor: 1,
};

/** A daemon that only knows the identifier of the image. */
const engineWith = (Id: string): Engine =>
  ({
    call: (_what: string, _signal: unknown, body: () => Promise<unknown>) => body(),
    docker: { getImage: () => ({ inspect: () => Promise.resolve({ Id }) }) },
  }) as unknown as Engine;

/** The key under which the factory looks for a snapshot. */
async function keyOf(
  changes: Partial<Appliance>,
  about: { readonly imageId?: string; readonly firmware?: string; readonly nodes?: RawTopology['nodes'] } = {},
): Promise<string> {
  const { imageId = 'one', firmware = 'one', nodes } = about;
  const appliance = rabbit({ image, ...changes });
  const disk = disksWith({
    path: image,
    format: 'qcow2',
    virtualBytes: 1,
    files: [await identify(image)],
    qemuVersion: '10.0',
    firmware,
  });
  const named = await inspectNamedFiles(appliance, facts.access);
  const snapshots = { directory: join(directory, 'store'), maxBytes: 1 };
  const factory = new TestbedFactory(engineWith(imageId), facts, { snapshots });
  const asked = Promise.withResolvers<string>();
  const once = (key: string): Promise<never> => {
    asked.resolve(key);
    return Promise.reject(new Error('no turn'));
  };
  const provided = factory.provideSnapshot(
    { appliance, topology: resolveTopology({ links: 1, nodes }, appliance), disk: { ...disk, named } },
    directory,
    undefined,
    once,
  );
  return Promise.race([asked.promise, provided.then(({ record }) => record.key)]);
}

test('the content of a file that `qemuArgs` names is part of the key', async () => {
  const seed = join(directory, 'seed.iso');
  const qemuArgs = ['-cdrom', '/alpy/image/seed.iso'];
  await writeFile(seed, 'one');
  const one = await keyOf({ qemuArgs });
  await writeFile(seed, 'two');
  const two = await keyOf({ qemuArgs });
  expect(two).not.toBe(one);
  await writeFile(seed, 'one');
  expect(await keyOf({ qemuArgs })).toBe(one);
  expect(await keyOf({ qemuArgs: ['-cdrom', '/alpy/image/none.iso'] }).catch(String)).toMatch(
    /SnapshotError: appliance\.qemuArgs names \/alpy\/image\/none\.iso: there is no .*none\.iso$/,
  );
});

test('the content of the seed for cloud-init is part of the key, but not the place of its files', async () => {
  const file = join(directory, 'user-data');
  const written = async (text: string): Promise<string> => {
    await writeFile(file, text);
    return keyOf({ cloudInit: { userData: { file } } });
  };
  const one = await written('#cloud-config\nhostname: one\n');
  expect(one).not.toBe(await keyOf({}));
  expect(await written('#cloud-config\nhostname: two\n')).not.toBe(one);
  expect(await written('#cloud-config\nhostname: one\n')).toBe(one);
  expect(await keyOf({ cloudInit: { userData: { hostname: 'one' } } })).toBe(one);
});

test('what nodes have before the boot is part of the key', async () => {
  const of = (node0: NodeConfig): Promise<string> => keyOf({}, { nodes: { node0 } });
  const plain = await keyOf({});
  expect(await of({})).toBe(plain);
  const address = '10.0.0.1/24';
  const different = [
    plain,
    await of({ address }),
    await of({ address, dhcp: {} }),
    await of({ address, dhcp: { leaseSeconds: 600 } }),
    await of({ address, ntp: {} }),
    await of({ http: { files: { a: 'one' } } }),
    await of({ http: { files: { a: 'one' }, port: 8080 } }),
    await of({ http: { files: { b: 'one' } } }),
    await of({ tftp: { files: { a: 'one' } } }),
  ];
  expect(new Set(different).size).toBe(different.length);
  expect(await of({ dhcp: {}, address })).toBe(await of({ address, dhcp: {} }));
});

test('files that nodes offer are part of the key by path and content, wherever they are', async () => {
  const [here, elsewhere] = [join(directory, 'www'), join(directory, 'folder', 'www')];
  for (const root of [here, elsewhere]) {
    await mkdir(root, { recursive: true });
    await writeFile(join(root, 'a'), 'one');
  }
  const of = (root: string): Promise<string> => keyOf({}, { nodes: { node0: { http: { root } } } });
  const one = await of(here);
  expect(await of(elsewhere)).toBe(one);
  await writeFile(join(here, 'a'), 'two');
  expect(await of(here)).not.toBe(one);
  await writeFile(join(here, 'a'), 'one');
  expect(await of(here)).toBe(one);
  await rename(join(here, 'a'), join(here, 'b'));
  expect(await of(here)).not.toBe(one);
});

test('a file that a key names is part of the key by content, wherever it is', async () => {
  const [here, elsewhere] = [join(directory, 'here'), join(directory, 'folder', 'elsewhere')];
  await mkdir(join(directory, 'folder'));
  for (const path of [here, elsewhere]) await writeFile(path, 'one');
  for (const name of ['kernel', 'initrd'] as const) {
    const one = await keyOf({ [name]: here });
    expect(one).not.toBe(await keyOf({}));
    expect(await keyOf({ [name]: elsewhere })).toBe(one);
    await writeFile(here, 'two');
    expect(await keyOf({ [name]: here })).not.toBe(one);
    await writeFile(here, 'one');
  }
  const withFile = (path: string): Promise<string> => keyOf({ files: { 'opt/x': path }, firmware: { file: path } });
  expect(await withFile(elsewhere)).toBe(await withFile(here));
  const withDrive = (path: string): Promise<string> => keyOf({ qemuArgs: ['-drive', `file=${path},if=virtio,snapshot=on`] });
  expect(await withDrive(elsewhere)).toBe(await withDrive(here));
  await writeFile(elsewhere, 'two');
  expect(await withFile(elsewhere)).not.toBe(await withFile(here));
  expect(await withDrive(elsewhere)).not.toBe(await withDrive(here));
});

test('the firmware is part of the key, and the image of the container if `qemuArgs` names a file in it', async () => {
  expect(await keyOf({}, { firmware: 'two' })).not.toBe(await keyOf({}));
  const qemuArgs = ['-bios', '/usr/share/ovmf/OVMF.fd'];
  expect(await keyOf({ qemuArgs }, { imageId: 'two' })).not.toBe(await keyOf({ qemuArgs }));
  expect(await keyOf({}, { imageId: 'two' })).toBe(await keyOf({}));
});

test('every key of the appliance is part of it, except those that act on a running guest', async () => {
  const one = await keyOf({});
  expect(await keyOf({ name: 'rabbit', bootTimeoutMs: 1, clockCommand: '', powerOffCommand: 'halt' })).toBe(one);
  expect(await keyOf({ provision: ['true'] })).not.toBe(one);
  expect(await keyOf({ aKeyThatNobodyKnowsYet: true } as Partial<Appliance>)).not.toBe(one);
});

test('model, MAC address and the content of the ROM of each NIC are part of the key, but not the path of the ROM', async () => {
  const [rom, moved] = [join(directory, 'a.rom'), join(directory, 'b.rom')];
  const nics = (changes: object): Partial<Appliance> => ({ boot: 'network', nics: [{ model: 'e1000', ...changes }] });
  await writeFile(rom, 'one');
  await writeFile(moved, 'one');
  const one = await keyOf(nics({ rom }));
  expect(await keyOf(nics({ rom: moved }))).toBe(one);
  await writeFile(rom, 'two');
  const keys = [one, await keyOf(nics({ rom })), await keyOf(nics({})), await keyOf(nics({ rom: moved, model: 'e1000e' }))];
  expect(new Set([...keys, await keyOf(nics({ rom: moved, mac: '52:54:00:12:34:56' })), await keyOf({})]).size).toBe(6);
});
