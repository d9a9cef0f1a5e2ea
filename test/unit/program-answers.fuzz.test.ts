// SPDX-License-Identifier: GPL-3.0-or-later
// What programs print that alpy calls: ip, qemu-img, gitlab-runner, and the daemon about itself.
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { judgeRunnerVersion } from '../../src/doctor/runner-version.ts';
import { judgeSeccomp } from '../../src/doctor/seccomp.ts';
import { parseCounters } from '../../src/network/counters.ts';
import { judgeDisk } from '../../src/qemu/disk-image.ts';
import { contentKind } from '../../src/qemu/unpack/content-kind.ts';
import { chooseMember, ArchiveError } from '../../src/qemu/unpack/member.ts';
import { disksOfOvf } from '../../src/qemu/unpack/ovf.ts';
import { wholeFile } from '../../src/qemu/unpack/part.ts';
import { listTar } from '../../src/qemu/unpack/tar.ts';
import { listZip } from '../../src/qemu/unpack/zip.ts';
import { isAtLeast } from '../../src/qemu/version.ts';
import { allowingErrors, anyText, brokenBytes, brokenJson, fuzz } from '../support/fuzz.ts';
import { smallZip } from '../support/small-zip.ts';

const counters = [{ ifname: 'eth0', stats64: { rx: { packets: 1, dropped: 0 }, tx: { packets: 2, dropped: 0 } } }];

fuzz(
  'any counters of ip are read or refused',
  [
    fc.oneof(
      brokenJson(counters).map((value) => JSON.stringify(value)),
      brokenBytes(JSON.stringify(counters)).map((bytes) => bytes.toString()),
    ),
  ],
  async (text) => {
    const found = await allowingErrors(() => parseCounters(text));
    if (found) expect(Object.values(found).every(Number.isInteger)).toBe(true);
  },
  { examples: [[''], ['null'], ['{}']] },
);

const info = [
  {
    filename: 'disk',
    format: 'vmdk',
    'virtual-size': 512,
    'cluster-size': 65_536,
    children: [{ info: { filename: 'disk-s001' } }],
  },
  { filename: 'base', format: 'qcow2', 'format-specific': { type: 'qcow2', data: { 'data-file': 'data' } } },
];
const check = { 'image-end-offset': 512, corruptions: 0 };

fuzz(
  'any report of qemu-img is read or refused',
  [brokenJson(info), brokenJson(check), fc.constantFrom('auto', 'raw', 'vmdk')],
  async (infoValue, checkValue, expected) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
    for (const name of ['disk', 'base', 'disk-s001', 'data']) await writeFile(join(folder.path, name), 'x'.repeat(512));
    const report = {
      info: JSON.stringify(infoValue),
      check: JSON.stringify(checkValue),
      errors: '',
      qemuVersion: '',
      firmware: '',
    };
    const found = await allowingErrors(() => judgeDisk(join(folder.path, 'disk'), expected, report));
    if (found) expect([typeof found.virtualBytes, found.files[0]?.path]).toEqual(['number', found.path]);
  },
  {
    runs: 40,
    examples: [
      [[null], check, 'auto'],
      [[info[0], null], check, 'auto'],
      [[{ ...info[0], children: [null] }], check, 'auto'],
      [[{ ...info[0], filename: { toString: 1 } }], check, 'auto'],
      [[{ ...info[0], children: [{ info: { filename: 'a\0b' } }] }], check, 'auto'],
    ],
  },
);

const heads = ['\x1f\x8b', 'PK\x03\x04', 'conectix', `${'a.ovf'.padEnd(257, '\0')}ustar`.padEnd(512, '\0')];

fuzz(
  'any file is recognised by its content',
  [brokenBytes(...heads.map((text) => Buffer.from(text, 'latin1'))), fc.boolean()],
  async (content, isRaw) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
    const path = join(folder.path, 'disk');
    await writeFile(path, content);
    expect(['compressed', 'zip', 'tar', 'vhd', 'iso', 'unsupported', 'other']).toContain(
      (await contentKind(await wholeFile(path, ''), isRaw)).kind,
    );
  },
  { runs: 30 },
);

fuzz(
  'any archive is listed or refused',
  [brokenBytes(...heads.map((text) => Buffer.from(text, 'latin1')), smallZip({ 'a.img': 'disk', 'b.txt': 'b' }))],
  async (content) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
    const path = join(folder.path, 'archive');
    await writeFile(path, content);
    const part = await wholeFile(path, 'archive');
    for (const list of [listTar, listZip]) {
      try {
        const { offset, bytes } = chooseMember(await list(part), undefined);
        expect(offset + bytes).toBeLessThanOrEqual(content.length);
      } catch (error) {
        expect(error).toBeInstanceOf(ArchiveError);
      }
    }
  },
  { runs: 30 },
);

fuzz('any description of an OVA names disks or none', [anyText], (xml) => {
  expect(Array.isArray(disksOfOvf(`<File ovf:id="a" ovf:href="d"/><Disk ovf:fileRef="a"/>${xml}`))).toBe(true);
});

fuzz(
  'any version of GitLab Runner and QEMU is judged',
  [fc.oneof(anyText, fc.constantFrom('Version: 17.', 'Version:  v1e9.9'))],
  (text) => {
    expect(['ok', 'warning', 'failure']).toContain(judgeRunnerVersion(text).result);
    expect(typeof isAtLeast(text, '10.0')).toBe('boolean');
  },
);

fuzz('any security options of the daemon are judged', [fc.array(anyText, { maxLength: 4 })], (options) => {
  expect(['ok', 'warning']).toContain(judgeSeccomp(options).result);
});
