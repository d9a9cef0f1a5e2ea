// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { neededImages } from '../../../src/cli/needed-images.ts';
import { resolveConfig } from '../../../src/config/index.ts';
import { loadManifest, resolveImages } from '../../../src/images/index.ts';

const pulled = (raw?: object): readonly string[] => {
  const { config } = raw ? resolveConfig({ file: '/project/alpy.yaml', raw, directory: '/project' }) : {};
  return neededImages(resolveImages({}, config?.images), loadManifest().images, config).map(({ name }) => name);
};
const appliance = { image: 'x.qcow2' };
const always = ['qemu', 'node', 'traffic'];

test('without a configuration, `images pull` pulls what every run needs', () => {
  expect(pulled()).toEqual(always);
});

test('a node of kind guest adds the image `guest`, in both forms of a topology', () => {
  expect(pulled({ appliance, topology: { links: 1, nodes: { node0: { kind: 'container' } } } })).toEqual(always);
  const nodes = { a: {}, b: { kind: 'guest' } };
  const links = ['a', 'b'].map((node, index) => [node, `left:${String(index)}`]);
  const withGuest = ['qemu', 'node', 'guest', 'traffic'];
  expect(pulled({ appliance, topology: { links: 1, nodes: { node0: { kind: 'guest' } } } })).toEqual(withGuest);
  expect(pulled({ appliance, topology: { duts: { left: 'appliance' }, nodes, links } })).toEqual(withGuest);
});

test('an ARM device of the topology adds the image `qemu-arm64`', () => {
  const appliances = { board: { image: 'y.qcow2', machine: 'virt', firmware: 'uefi' } };
  expect(pulled({ appliance, appliances, topology: { duts: { left: 'appliance' } } })).toEqual(always);
  expect(pulled({ appliance, appliances, topology: { duts: { left: 'board' } } })).toContain('qemu-arm64');
});

test("a project's own image is pulled", () => {
  expect(pulled({ appliance, images: { wan: 'wan:1' } })).toEqual([...always, 'wan']);
});
