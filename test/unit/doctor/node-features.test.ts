// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { kernelFeatures } from '../../../src/docker/kernel-features.ts';
import { judgeFeatures } from '../../../src/doctor/node-features.ts';

const all = kernelFeatures.map((_, index) => index);
const withoutModules = (...modules: readonly string[]): ReadonlySet<number> =>
  new Set(all.filter((index) => !modules.includes(kernelFeatures[index]?.module ?? '')));

test('a kernel with all features is fine', () => {
  expect(judgeFeatures(new Set(all))).toMatchObject({ name: 'features of nodes', result: 'ok' });
});

test('missing features are a warning, and the remedy loads their modules', () => {
  const finding = judgeFeatures(withoutModules('8021q', 'sch_netem'));
  expect(finding).toMatchObject({ result: 'warning', remedy: 'sudo modprobe -a 8021q sch_netem' });
  expect(finding.text).toContain('the kernel has bridges, bonding, VXLAN,');
  expect(finding.text).toContain('It lacks VLANs (802.1Q), netem; only tests that use them on nodes or in apps need them');
});

test('a kernel without any of the features is described, too', () => {
  expect(judgeFeatures(new Set()).text).toMatch(/^the kernel has none\. It lacks VLANs/);
});
