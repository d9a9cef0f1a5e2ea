// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import type { Config } from '../../../src/config/index.ts';
import { checkOverrides, overridden, overriddenDevices } from '../../../src/config/overrides.ts';
import { rabbit } from '../../support/testbeds.ts';

const right = { appliance: {}, topology: { links: 2 }, boot: 'snapshot' };

test.each([
  right,
  { ...right, appliance: { firmware: 'uefi', memoryMiB: 512, login: { user: 'root' } } },
  { ...right, topology: { links: 0 }, boot: 'cold' },
  { ...right, appliance: { disk: { bus: 'scsi', readOnly: true } } },
])('%j is accepted', (overrides) => {
  checkOverrides(overrides, ['appliance']);
});

test.each([
  [{ appliance: { memoryMB: 512 } }, 'test.override: appliance.memoryMB: unknown key. Did you mean memoryMiB?'],
  [
    { appliance: { memoryMiB: '512' } },
    'test.override: appliance.memoryMiB: expected a whole number, got "512" (remove its quotes to make it a number)',
  ],
  [{ appliance: { login: { usr: 'root' } } }, 'appliance.login.usr: unknown key. Did you mean user?'],
  [{ topology: { link: 3 } }, 'test.override: topology.link: unknown key. Did you mean links?'],
  [{ topology: { links: 33 } }, 'test.override: topology.links: expected 32 or less, got the number 33'],
  [{ appliance: { nics: [{ modl: 'igb' }] } }, 'appliance.nics.0.modl: unknown key. Did you mean model?'],
  [{ topology: 3 }, 'test.override: topology: expected an object, got the number 3'],
  [{ boot: 'hot' }, 'test.override: boot: expected one of cold, snapshot, got "hot"'],
])('%j is refused', (wrong, message) => {
  const check = (): void => {
    checkOverrides({ ...right, ...wrong }, ['appliance']);
  };
  expect(check).toThrow(expect.objectContaining({ code: 'ALPY_USAGE' }) as Error);
  expect(check).toThrow(message);
});

test('all paths that a test overrides are relative to the configuration', () => {
  const { qemuArgs } = overridden(rabbit(), { qemuArgs: ['-cdrom', './a.iso'] }, '/project', () => true);
  expect(qemuArgs).toEqual(['-cdrom', '/project/a.iso']);
  const paths = (folder: string): Parameters<typeof overridden>[1] => ({
    image: `${folder}disk.qcow2`,
    disks: [{ image: `${folder}data.raw` }, { sizeMiB: 1 }],
    cdroms: [`${folder}tools.iso`],
    kernel: `${folder}vmlinuz`,
    initrd: `${folder}initrd`,
    nics: [{}, { rom: `${folder}ipxe.rom` }],
    firmware: { file: `${folder}rom`, variables: `${folder}variables` },
    files: { 'opt/a': `${folder}a.json`, 'opt/b': { text: 'b' } },
    cloudInit: { userData: { file: `${folder}user-data` }, networkConfig: 'text' },
  });
  const appliance = overridden(rabbit(), paths(''), '/project', () => true);
  expect(appliance).toEqual({ ...rabbit(), ...paths('/project/') });
  expect(overridden(appliance, { memoryMiB: 64 }, '/elsewhere', () => true)).toEqual({ ...appliance, memoryMiB: 64 });
});

test('disks are checked together with those of the configuration', () => {
  const config = { appliances: { appliance: rabbit() } } as unknown as Config;
  const check = (appliance: Parameters<typeof overridden>[1]) => () =>
    overriddenDevices(config, { appliance, topology: { links: 2 } }, '/project', () => true);
  expect(check({ disk: { bus: 'scsi', readOnly: true } })).not.toThrow();
  expect(check({ image: undefined, disk: { sizeMiB: 1, readOnly: true }, kernel: '/k' })).toThrow(
    'test.override: appliance.disk.readOnly: expected false, because an empty disk has nothing to read, got the boolean true',
  );
  expect(check({ image: undefined })).toThrow('test.override: appliance.image: expected a disk image, or another key');
});
