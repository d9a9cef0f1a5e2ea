// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { jobPaths, type DriverContext } from '../../../../src/gitlab/executor/index.ts';
import { projectDirectory } from '../../../../src/gitlab/executor/paths.ts';
import { canStartEarly, jobImages, planSession } from '../../../../src/gitlab/executor/plan.ts';
import { resolveImages } from '../../../../src/images/index.ts';
import type { SessionSpec } from '../../../../src/session/index.ts';
import { folder, jobWith, settingsOf } from './make.ts';

const described = 'appliance: { image: build/router.qcow2, memoryMiB: 300 }\ntopology: { links: 3 }\n';

interface Given {
  readonly variables?: Readonly<Record<string, string>>;
  readonly services?: readonly unknown[];
  readonly settings?: string;
  /** files of the project */
  readonly project?: Readonly<Record<string, string>>;
}

async function surroundings({ variables = {}, services, settings = '', project = {} }: Given): Promise<DriverContext> {
  const root = await folder();
  const read = await settingsOf(`root: ${root}\n${settings}`);
  const { builds } = jobPaths(read, await jobWith());
  const directory = join(builds, 'group', 'project');
  for (const [name, text] of Object.entries(project)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  const asked = services ? { CI_JOB_SERVICES: JSON.stringify(services) } : {};
  const job = await jobWith({ CI_PROJECT_DIR: directory, ...asked, ...variables });
  return { settings: read, job, env: {}, accelCacheFile: '/cache/kvm.json' };
}

async function plan(given: Given): Promise<SessionSpec> {
  return planSession(await surroundings(given));
}

const appliances = `
appliances:
  router: { appliance: { image: images/r.qcow2, name: r, qemuArgs: [-s] }, topology: { links: 1 }, boot: cold }
`;

describe('what the testbed is', () => {
  test('a file of the project says it, with variables of the job over it', async () => {
    const given = await surroundings({
      project: { 'alpy.yaml': described },
      variables: {
        ALPY_APPLIANCE_MEMORY_MIB: '400',
        ALPY_BOOT: 'cold',
        ALPY_ACCEL: 'tcg',
        ALPY_OUT: '/evil',
        ALPY_REGISTRY: 'evil',
      },
      settings: 'imageFolders: [/srv/images]\ngraceSeconds: 60\nsnapshotsMiB: 9',
    });
    const { builds, session } = jobPaths(given.settings, given.job);
    const project = join(builds, 'group', 'project');
    const before = Date.now();
    const { config, images, deadlineMs, ...spec } = await planSession(given);
    expect(config).toMatchObject({
      appliance: { image: join(project, 'build/router.qcow2'), memoryMiB: 400 },
      topology: { links: 3 },
      boot: 'cold',
      accel: 'tcg',
      images: {},
      snapshots: { maxMiB: 9 },
    });
    expect(config.out).not.toContain('evil');
    expect(JSON.stringify(images)).not.toContain('evil');
    expect(deadlineMs - before - 660_000).toBeGreaterThanOrEqual(0);
    expect(deadlineMs - before - 660_000).toBeLessThan(5000);
    expect(spec).toEqual({
      directory: session,
      runId: `job-${given.job.key}`,
      jobId: '42',
      accelCacheFile: '/cache/kvm.json',
      snapshotDirectory: join(given.settings.root, 'snapshots'),
      diskFolders: [project, '/srv/images'],
      services: [],
      job: {
        node: 'node0',
        image: images.find(({ name }) => name === 'traffic')?.reference,
        mounts: [
          { source: builds, target: builds, readOnly: false },
          { source: join(session, 'shared'), target: '/alpy', readOnly: true },
          { source: join(session, 'shared', 'calls'), target: '/alpy/calls', readOnly: false },
        ],
        environment: {
          ALPY_SESSION: '/alpy',
          ALPY_CONSOLE_SOCKET: '/alpy/console.sock',
          ALPY_DUT: 'dut',
          ALPY_NODE: 'node0',
          ALPY_LINKS: '3',
        },
      },
      secrets: [],
    });
  });

  test('ALPY_TOPOLOGY names another file of the project', async () => {
    const { config } = await plan({ project: { 'ci/bed.yml': described }, variables: { ALPY_TOPOLOGY: 'ci/bed.yml' } });
    expect(config.topology.links).toBe(3);
  });

  test("ALPY_APPLIANCE names one of the runner's, whose disk image may lie anywhere", async () => {
    const given = await surroundings({ settings: appliances, variables: { ALPY_APPLIANCE: 'router' } });
    const { config, diskFolders } = await planSession(given);
    expect(config.appliance).toMatchObject({
      name: 'r',
      image: join(dirname(given.settings.file), 'images/r.qcow2'),
      qemuArgs: ['-s'],
    });
    expect(diskFolders).toBeUndefined();
  });

  test('but not one that the job has put in its place', async () => {
    const given = await surroundings({
      settings: appliances,
      variables: { ALPY_APPLIANCE: 'router', ALPY_APPLIANCE_IMAGE: 'mine.qcow2' },
    });
    const project = join(jobPaths(given.settings, given.job).builds, 'group', 'project');
    const { config, diskFolders } = await planSession(given);
    expect([config.appliance.image, diskFolders]).toEqual([join(project, 'mine.qcow2'), [project]]);
  });

  test.each([
    [{ ALPY_APPLIANCE: 'router', ALPY_TOPOLOGY: 'a.yaml' }, 'ALPY_APPLIANCE and ALPY_TOPOLOGY: wanted is one of them'],
    [{ ALPY_APPLIANCE: 'switch' }, 'this runner has no appliance "switch"; there are: router'],
    [{ ALPY_APPLIANCE: 'constructor' }, 'this runner has no appliance "constructor"'],
    [{}, 'no testbed is declared: alpy.yaml in the project: there is no such file. Set ALPY_APPLIANCE'],
    [{ ALPY_TOPOLOGY: 'alpy.config.ts' }, 'wanted a YAML file of the project'],
    [{ ALPY_APPLIANCE: 'router', ALPY_APPLIANCE_MEMORY_MIB: '5000' }, 'appliance.memoryMiB: at most 4096'],
    [{ ALPY_APPLIANCE: 'router', ALPY_APPLIANCE_MEMORY_MIB: 'much' }, 'ALPY_APPLIANCE_MEMORY_MIB'],
    [{ ALPY_APPLIANCE: 'router', ALPY_NODE: 'node1' }, 'ALPY_NODE: there is no node "node1"; there are: node0'],
    [{ ALPY_APPLIANCE: 'router', ALPY_TOPOLOGY_LINKS: '0' }, 'there are: none, without a link'],
  ])('%j: %s', async (variables, message) => {
    const rejects = expect(plan({ settings: appliances, variables })).rejects;
    await rejects.toThrow(message);
    await rejects.toMatchObject({ fault: 'usage' });
  });

  test('when it is known before the project is there', async () => {
    const early = async (variables: Readonly<Record<string, string>>): Promise<boolean> =>
      canStartEarly(await surroundings({ variables }));
    expect(await early({ ALPY_APPLIANCE: 'router' })).toBe(true);
    expect(await early({ ALPY_APPLIANCE: 'router', ALPY_APPLIANCE_IMAGE: 'mine.qcow2' })).toBe(false);
    expect(await early({ ALPY_APPLIANCE: 'router', ALPY_TOPOLOGY: 'x' })).toBe(false);
    expect(await early({ ALPY_APPLIANCE: '' })).toBe(false);
  });

  test('secrets of the job stay out of the logs, which are artifacts', async () => {
    const variables = { CI_JOB_TOKEN: 'glcbt-64-abcdefgh', ROUTER_PASSWORD: 'correct horse', PUBLIC: 'visible text' };
    const { secrets } = await plan({ project: { 'alpy.yaml': described }, variables });
    expect([...secrets].sort()).toEqual(['correct horse', 'glcbt-64-abcdefgh']);
  });
});

describe('services', () => {
  const bed = { project: { 'alpy.yaml': described }, settings: 'images: { allow: ["**"] }' };

  test('stand beside the node that their alias or ALPY_NODE names, or else beside the job', async () => {
    const services = [
      { name: 'registry.example:5000/a/web:1@sha256:0', alias: '', entrypoint: [], command: null },
      { name: 'web:2', alias: 'node1' },
      { name: 'iperf3', alias: 'sink', variables: { ALPY_NODE: 'node2', A: 'b' }, entrypoint: ['iperf3'], command: ['-s'] },
    ];
    const spec = await plan({ ...bed, services, variables: { ALPY_NODE: 'node0' } });
    expect(spec.services).toEqual([
      { name: 'web', node: 'node0', image: 'registry.example:5000/a/web:1@sha256:0' },
      { name: 'node1', node: 'node1', image: 'web:2' },
      {
        name: 'sink',
        node: 'node2',
        image: 'iperf3',
        entrypoint: ['iperf3'],
        command: ['-s'],
        environment: { ALPY_NODE: 'node2', A: 'b' },
      },
    ]);
  });

  test.each([
    [[{ name: 'a/web:1' }, { name: 'b/web:2' }], 'services: two are called web; give each an alias'],
    [[{ name: 'a', alias: 'node7' }], 'service node7: there is no node "node7"; there are: node0, node1, node2'],
    [[{ name: 'a', variables: { ALPY_NODE: 'x' } }], 'service a: there is no node "x"'],
  ])('%j: %s', async (services, message) => {
    await expect(plan({ ...bed, services })).rejects.toThrow(message);
  });

  test('their images have to be allowed', async () => {
    const services = [{ name: 'web' }];
    await expect(plan({ project: bed.project, services })).rejects.toThrow('this runner does not run the image "web"');
  });

  test('those of alpy and the default one need not be listed, whatever the job itself runs in', async () => {
    const images = resolveImages({}, {});
    const traffic = images.find(({ name }) => name === 'traffic')?.reference ?? '';
    const services = [traffic, 'tools:1'].map((name) => ({ name, alias: name.replace(/\W/g, '-') }));
    const given = await surroundings({
      variables: { CI_JOB_IMAGE: 'alpine:3' },
      settings: 'images: { default: "tools:1", allow: ["alpine:*"] }',
      services,
    });
    expect(jobImages(given, images)).toEqual({ job: 'alpine:3', services: [traffic, 'tools:1'] });
  });
});

describe('where things are', () => {
  test.each(['', '/etc', '/', '../..', 'BUILDS', 'BUILDS/../other', 'BUILDS-evil/p'])(
    'a project at %j is refused',
    async (path) => {
      const { settings, job } = await surroundings({});
      const { builds } = jobPaths(settings, job);
      const found = path.replace('BUILDS', builds);
      const moved = { ...job, variables: { CI_PROJECT_DIR: found } };
      expect(() => projectDirectory({ settings, job: moved, env: {}, accelCacheFile: '' })).toThrow(
        `CI_PROJECT_DIR is ${JSON.stringify(found)}, but should be below ${builds}`,
      );
    },
  );

  test('a project is where the runner says that its temporary folder is, whatever the job says', async () => {
    const { settings, job } = await surroundings({});
    const { builds } = jobPaths(settings, job);
    const at = (found: string, temporary: string): string => {
      const variables = { CI_PROJECT_DIR: `${builds}/${found}`, RUNNER_TEMP_PROJECT_DIR: `${builds}/${temporary}` };
      return projectDirectory({ settings, job: { ...job, variables }, env: {}, accelCacheFile: '' });
    };
    expect(at('a/b', 'a/b.tmp')).toBe(`${builds}/a/b`);
    for (const found of ['a/c', 'a', 'a/b.tmp/x']) expect(() => at(found, 'a/b.tmp')).toThrow('do not set it');
  });

  test("the job's image: its own when allowed, or the runner's", async () => {
    const images = resolveImages({}, {});
    const named = await surroundings({ variables: { CI_JOB_IMAGE: 'alpine:3' } });
    expect(() => jobImages(named, images)).toThrow('does not run the image "alpine:3"');
    const settings = await settingsOf('images: { default: "tools:1", allow: ["alpine:*"] }');
    expect(jobImages({ ...named, settings }, images).job).toBe('alpine:3');
    expect(jobImages({ ...(await surroundings({})), settings }, images).job).toBe('tools:1');
  });
});
