// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { machineArguments, type MachinePaths } from '../../../src/qemu/machine.ts';

const paths: MachinePaths = {
  disk: '/d.qcow2',
  serialSocket: '/serial',
  firmwareCode: '/code.fd',
  firmwareVariables: '/vars.fd',
  capture: (link) => `/run/link${String(link)}.pcap`,
};
const all = (changes: Partial<MachinePaths>): string =>
  machineArguments(
    {
      name: 'rabbit',
      machine: 'q35',
      accel: 'tcg',
      cpus: 1,
      memoryMiB: 256,
      firmware: 'bios',
      disk: 'virtio',
      nics: [],
      clockStart: new Date(0),
      extra: [],
    },
    { ...paths, ...changes },
  ).join(' ');

test('memory in a file is written by the machine that makes a snapshot, and only copied by those that start from it', () => {
  const memory = (use: NonNullable<MachinePaths['memory']>['use']): string => all({ memory: { path: '/s,1/memory', use } });
  const backend = '-object memory-backend-file,id=ram0,size=256M,mem-path=/s,,1/memory';
  expect(memory('write')).toContain(`${backend},share=on -machine q35,memory-backend=ram0`);
  expect(memory('copy-on-write')).toContain(`${backend},share=off -machine`);
  expect(memory('copy-on-write of a file that may not be written')).toContain(
    `${backend},share=off,readonly=on,rom=off -machine`,
  );
  expect(all({})).not.toContain('memory-backend');
});

test('a restored machine waits for its state, and finds disk and image wherever they are here', () => {
  const text = all({
    isIncoming: true,
    snapshotDisk: { path: '/s/disk.qcow2', image: '/i/a,b.raw', imageFormat: 'raw' },
  });
  expect(text).toContain('-incoming defer');
  expect(text).toContain(
    'file=/d.qcow2,cache=unsafe,discard=unmap,backing.driver=qcow2,backing.file.driver=file,backing.file.filename=/s/disk.qcow2,backing.backing.driver=raw,backing.backing.file.driver=file,backing.backing.file.filename=/i/a,,b.raw',
  );
});
