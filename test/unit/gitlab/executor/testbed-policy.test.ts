// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../../src/config/index.ts';
import { defaultSettings } from '../../../../src/gitlab/executor/index.ts';
import {
  assertImageIsAllowed,
  assertWithinLimits,
  resolveTopologyFile,
  withRunnerSettings,
} from '../../../../src/gitlab/executor/policy/testbed-policy.ts';
import { folder, settingsOf } from './make.ts';

const settings = defaultSettings('/etc/alpy/executor.yaml');

describe('images', () => {
  test.each([
    ['alpine:3', ['alpine:3'], true],
    ['alpine:3.20', ['alpine:3'], false],
    ['alpine:3.20', ['alpine:*'], true],
    ['registry.example/a/b:1', ['registry.example/*'], false],
    ['registry.example/a:1', ['registry.example/*'], true],
    ['registry.example/a/b:1', ['registry.example/**'], true],
    ['registry.example.evil.net/a', ['registry.example/**'], false],
    ['registryXexample/a', ['registry.example/*'], false],
    ['alpine\nx', ['alpine'], false],
    ['own:1', [], true],
    ['anything', [], false],
    ['anything/at@sha256:1', ['**'], true],
  ])('%j with %j: %j', async (image, allow, isAllowed) => {
    const settings = await settingsOf(JSON.stringify({ images: { allow } }));
    const checkImage = (): void => {
      assertImageIsAllowed(image, ['own:1'], settings);
    };
    if (isAllowed) expect(checkImage).not.toThrow();
    else
      expect(checkImage).toThrow(
        `this runner does not run the image ${JSON.stringify(image)}. It allows: ${['own:1', ...allow].join(', ')} (images.allow in ${settings.file})`,
      );
  });
});

describe('limits', () => {
  const config = (appliance: object, links = 2) =>
    resolveConfig({
      file: '/p/alpy.yaml',
      raw: { appliance: { image: 'a.qcow2', ...appliance }, topology: { links } },
      directory: '/p',
    }).config;

  test('every limit that is exceeded is reported', async () => {
    const settings = await settingsOf('limits: { memoryMiB: 512, cpus: 1, links: 2 }');
    expect(() => {
      assertWithinLimits(config({ memoryMiB: 513, cpus: 2, qemuArgs: ['-s'] }, 3), false, settings);
    }).toThrow(
      `the job exceeds the limits of this runner (${settings.file}):\n  appliance.memoryMiB: expected at most 512, got 513\n  appliance.cpus: expected at most 1, got 2\n  topology.links: expected at most 2, got 3\n  appliance.qemuArgs: expected none`,
    );
    expect(() => {
      assertWithinLimits(config({ memoryMiB: 512 }), false, settings);
    }).not.toThrow();
  });

  test('every end of a segment counts as a link, because a node at it is a container', async () => {
    const settings = await settingsOf('limits: { links: 3 }');
    const { config } = resolveConfig({
      file: '/p/alpy.yaml',
      raw: {
        appliances: { router: { image: 'a.qcow2' } },
        topology: { duts: { left: 'router' }, nodes: { a: {}, b: {}, c: {} }, segments: { lan: ['left:0', 'a', 'b', 'c'] } },
      },
      directory: '/p',
    });
    expect(() => {
      assertWithinLimits(config, false, settings);
    }).toThrow('topology.links and the ends of topology.segments: expected at most 3, got 4');
  });

  test('a node of kind guest counts as a device with 256 MiB and one processor', async () => {
    const settings = await settingsOf('limits: { memoryMiB: 767, cpus: 2 }');
    const raw = {
      appliance: { image: 'a.qcow2', memoryMiB: 256 },
      topology: { links: 2, nodes: { node0: { kind: 'guest' }, node1: { kind: 'guest' } } },
    };
    const { config } = resolveConfig({ file: '/p/alpy.yaml', raw, directory: '/p' });
    expect(() => {
      assertWithinLimits(config, false, settings);
    }).toThrow(
      'appliance.memoryMiB with the nodes of kind guest: expected at most 767, got 768\n  appliance.cpus with the nodes of kind guest: expected at most 2, got 3',
    );
  });

  test('an uplink is refused unless the settings list its network', async () => {
    const checked = (text: string, uplink: unknown) => async (): Promise<unknown> => {
      const settings = await settingsOf(text);
      const raw = { appliance: { image: 'a.qcow2' }, topology: { links: 1, nodes: { node0: { uplink } } } };
      const loaded = resolveConfig({ file: '/p/alpy.yaml', raw, directory: '/p' });
      const config = withRunnerSettings(loaded, settings);
      assertWithinLimits(config, true, settings);
      return config.topology.nodes?.['node0']?.uplink;
    };
    const lists = 'limits: { uplinks: [lab, bridge] }';
    await expect(checked('', true)).rejects.toThrow(
      'topology.nodes.node0.uplink: expected none, because limits.uplinks lists no network, got true',
    );
    await expect(checked(lists, 'host')).rejects.toThrow(
      'topology.nodes.node0.uplink: expected true or a network of limits.uplinks (lab, bridge), got host',
    );
    expect(await checked(lists, 'bridge')()).toBe('bridge');
    expect(await checked(lists, true)()).toBe('lab');
    expect(await checked('', false)()).toBe(false);
    expect(await checked('trustJobs: true', true)()).toBe(true);
  });

  test("QEMU arguments are allowed in the administrator's appliances, and with trustJobs", async () => {
    const withArguments = config({ qemuArgs: ['-s'] });
    const trusting = await settingsOf('trustJobs: true');
    for (const [isRunners, by] of [
      [true, settings],
      [false, trusting],
    ] as const)
      expect(() => {
        assertWithinLimits(withArguments, isRunners, by);
      }).not.toThrow();
  });

  test('the administrator decides about locations of images and about snapshots', async () => {
    const settings = await settingsOf('{ snapshotsMiB: 5, alpyImages: { registry: own.example } }');
    const loaded = resolveConfig({
      file: '/p/alpy.yaml',
      raw: { appliance: { image: 'a' }, images: { qemu: 'evil' }, snapshots: { directory: '/', maxMiB: 9 } },
      directory: '/p',
    });
    const { images, snapshots } = withRunnerSettings(loaded, settings);
    expect([images, snapshots]).toEqual([{ registry: 'own.example' }, { maxMiB: 5 }]);
  });
});

describe('the file that describes the testbed', () => {
  test('is a YAML file of the project, or a link to one', async () => {
    const project = await folder();
    await mkdir(join(project, 'ci'));
    await writeFile(join(project, 'ci', 'bed.yml'), '');
    await symlink('ci/bed.yml', join(project, 'alpy.yaml'));
    expect(await resolveTopologyFile(project, 'ci/bed.yml')).toBe(join(project, 'ci/bed.yml'));
    expect(await resolveTopologyFile(project, 'alpy.yaml')).toBe(join(project, 'alpy.yaml'));
  });

  test('cannot be a program, a missing file or a file outside of the project', async () => {
    const project = await folder();
    const outside = await folder();
    await writeFile(join(outside, 'alpy.yaml'), '');
    await symlink(join(outside, 'alpy.yaml'), join(project, 'link.yaml'));
    await symlink(outside, join(project, 'there'));
    await expect(resolveTopologyFile(project, 'alpy.config.ts')).rejects.toThrow(
      'expected a YAML file of the project, got "alpy.config.ts"',
    );
    await expect(resolveTopologyFile(project, 'alpy.yaml')).rejects.toThrow(/the project has no alpy\.yaml\. Set ALPY_APPLIANCE/);
    for (const name of ['link.yaml', 'there/alpy.yaml', join(outside, 'alpy.yaml'), '../alpy.yaml'])
      await expect(resolveTopologyFile(project, name)).rejects.toThrow(/which is outside of it|no testbed is described/);
  });
});
