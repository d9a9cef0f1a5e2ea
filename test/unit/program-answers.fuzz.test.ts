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
import { recogniseWrapping } from '../../src/qemu/disk-wrapping.ts';
import { isAtLeast } from '../../src/qemu/version.ts';
import { allowingErrors, anyText, brokenBytes, brokenJson, fuzz } from '../support/fuzz.ts';

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
  'any file is recognised as something that is no disk, or not',
  [brokenBytes(...heads.map((text) => Buffer.from(text, 'latin1'))), fc.boolean()],
  async (content, isRaw) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
    const path = join(folder.path, 'disk');
    await writeFile(path, content);
    expect(['undefined', 'string']).toContain(typeof (await recogniseWrapping(path, isRaw)));
  },
  { runs: 30 },
);

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
