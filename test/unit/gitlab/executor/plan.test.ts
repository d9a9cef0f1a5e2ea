// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { jobPaths, type DriverContext } from '../../../../src/gitlab/executor/index.ts';
import { projectDirectory } from '../../../../src/gitlab/executor/paths.ts';
import { canStartEarly, jobImages, planSession } from '../../../../src/gitlab/executor/plan.ts';
import { UsageError } from '../../../../src/core/errors.ts';
import { resolveImages } from '../../../../src/images/index.ts';
import type { SessionSpec } from '../../../../src/session/index.ts';
import { folder, jobWith, settingsOf } from './make.ts';

const projectYaml = 'appliance: { image: build/router.qcow2, memoryMiB: 300 }\ntopology: { links: 3 }\n';

interface Setup {
  readonly variables?: Readonly<Record<string, string>>;
  readonly services?: readonly unknown[];
  readonly settings?: string;
  /** files of the project */
  readonly project?: Readonly<Record<string, string>>;
}

async function contextFor({ variables = {}, services, settings = '', project = {} }: Setup): Promise<DriverContext> {
  const root = await folder();
  const read = await settingsOf(`root: ${root}\n${settings}`);
  const { builds } = jobPaths(read, await jobWith());
  const directory = join(builds, 'group', 'project');
  for (const [name, text] of Object.entries(project)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  const serviceVariables = services ? { CI_JOB_SERVICES: JSON.stringify(services) } : {};
  const job = await jobWith({ CI_PROJECT_DIR: directory, ...serviceVariables, ...variables });
  return { settings: read, job, env: {}, accelCacheFile: '/cache/kvm.json' };
}

async function plan(setup: Setup): Promise<SessionSpec> {
  return planSession(await contextFor(setup));
}

const appliances = `
appliances:
  router: { appliance: { image: images/r.qcow2, name: r, qemuArgs: [-s] }, topology: { links: 1 }, boot: cold }
`;

describe('the testbed', () => {
  test('is described by a file of the project; variables of the job override it', async () => {
    const context = await contextFor({
      project: { 'alpy.yaml': projectYaml },
      variables: {
        ALPY_APPLIANCE_MEMORY_MIB: '400',
        ALPY_BOOT: 'cold',
        ALPY_ACCEL: 'tcg',
        ALPY_OUT: '/evil',
        ALPY_REGISTRY: 'evil',
      },
      settings: 'imageFolders: [/srv/images]\ngraceSeconds: 60\nsnapshotsMiB: 9\nlimits: { jobMemoryMiB: 99, jobPids: 88 }',
    });
    const { builds, session } = jobPaths(context.settings, context.job);
    const project = join(builds, 'group', 'project');
    const before = Date.now();
    const { config, images, deadlineMs, ...spec } = await planSession(context);
    expect(config).toMatchObject({
      devices: [{ appliance: { image: join(project, 'build/router.qcow2'), memoryMiB: 400 } }],
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
      runId: `job-${context.job.key}`,
      jobId: '42',
      accelCacheFile: '/cache/kvm.json',
      unpackedDirectory: join(context.settings.root, 'images'),
      snapshotDirectory: join(context.settings.root, 'snapshots'),
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
          ALPY_TOPOLOGY_JSON: expect.stringContaining('"links":[{"name":"link0","ends":["dut:0","node0:eth0"]') as string,
        },
        limits: { memoryMiB: 99, pids: 88, capabilities: ['NET_ADMIN', 'NET_RAW'] },
      },
      secrets: [],
    });
  });

  test('is described by another file of the project, named by ALPY_TOPOLOGY', async () => {
    const { config } = await plan({ project: { 'ci/bed.yml': projectYaml }, variables: { ALPY_TOPOLOGY: 'ci/bed.yml' } });
    expect(config.topology.links).toBe(3);
  });

  test('is an appliance of the runner, named by ALPY_APPLIANCE; its disk image may be anywhere', async () => {
    const context = await contextFor({ settings: appliances, variables: { ALPY_APPLIANCE: 'router' } });
    const { config, diskFolders } = await planSession(context);
    expect(config.devices[0].appliance).toMatchObject({
      name: 'r',
      image: join(dirname(context.settings.file), 'images/r.qcow2'),
      qemuArgs: ['-s'],
    });
    expect(diskFolders).toBeUndefined();
  });

  test('uses only disk images of the project if the job overrides the image', async () => {
    const context = await contextFor({
      settings: appliances,
      variables: { ALPY_APPLIANCE: 'router', ALPY_APPLIANCE_IMAGE: 'mine.qcow2' },
    });
    const project = join(jobPaths(context.settings, context.job).builds, 'group', 'project');
    const { config, diskFolders } = await planSession(context);
    expect([config.devices[0].appliance.image, diskFolders]).toEqual([join(project, 'mine.qcow2'), [project]]);
  });

  test.each([
    [{ ALPY_APPLIANCE: 'router', ALPY_TOPOLOGY: 'a.yaml' }, 'ALPY_APPLIANCE and ALPY_TOPOLOGY: expected one of them, got both'],
    [{ ALPY_APPLIANCE: 'switch' }, 'this runner has no appliance "switch"; it has: router'],
    [{ ALPY_APPLIANCE: 'constructor' }, 'this runner has no appliance "constructor"'],
    [{}, 'no testbed is described: the project has no alpy.yaml'],
    [{ ALPY_TOPOLOGY: 'alpy.config.ts' }, 'ALPY_TOPOLOGY: expected a YAML file of the project, got "alpy.config.ts"'],
    [{ ALPY_APPLIANCE: 'router', ALPY_APPLIANCE_MEMORY_MIB: '5000' }, 'appliance.memoryMiB: expected at most 4096, got 5000'],
    [{ ALPY_APPLIANCE: 'router', ALPY_APPLIANCE_MEMORY_MIB: 'much' }, 'ALPY_APPLIANCE_MEMORY_MIB'],
    [{ ALPY_APPLIANCE: 'router', ALPY_NODE: 'node1' }, 'ALPY_NODE: expected the name of a node (node0), got "node1"'],
    [{ ALPY_APPLIANCE: 'router', ALPY_TOPOLOGY_LINKS: '0' }, 'expected the name of a node (none, because there are no links)'],
  ])('%j: %s', async (variables, message) => {
    const rejects = expect(plan({ settings: appliances, variables })).rejects;
    await rejects.toThrow(message);
    await rejects.toMatchObject({ fault: 'usage' });
  });

  test('can start before the checkout if nothing of it comes from the project', async () => {
    const early = async (variables: Readonly<Record<string, string>>): Promise<boolean> =>
      canStartEarly(await contextFor({ variables }));
    expect(await early({ ALPY_APPLIANCE: 'router' })).toBe(true);
    expect(await early({ ALPY_APPLIANCE: 'router', ALPY_APPLIANCE_IMAGE: 'mine.qcow2' })).toBe(false);
    expect(await early({ ALPY_APPLIANCE: 'router', ALPY_TOPOLOGY: 'x' })).toBe(false);
    expect(await early({ ALPY_APPLIANCE: '' })).toBe(false);
  });

  test('hides secrets of the job in its logs, which become artifacts', async () => {
    const variables = { CI_JOB_TOKEN: 'glcbt-64-abcdefgh', ROUTER_PASSWORD: 'correct horse', PUBLIC: 'visible text' };
    const { secrets } = await plan({ project: { 'alpy.yaml': projectYaml }, variables });
    expect([...secrets].sort()).toEqual(['correct horse', 'glcbt-64-abcdefgh']);
  });
});

describe('a topology with names', () => {
  const long = `appliances: { router: { image: r.qcow2, memoryMiB: 300 } }
topology:
  duts: { left: router, right: router }
  nodes: { client: {}, server: {} }
  links: [[client, left:0], [left:1, right:1], [right:0, server]]
`;
  const bed = { project: { 'alpy.yaml': long } };

  test('scripts and services run beside nodes by their names', async () => {
    const services = [
      { name: 'a/web:1', alias: 'server' },
      { name: 'b/db:1', alias: 'node1' },
    ];
    const spec = await plan({ ...bed, services, settings: 'images: { allow: ["**"] }', variables: { ALPY_NODE: 'client' } });
    expect(spec.services.map(({ name, node }) => [name, node])).toEqual([
      ['server', 'server'],
      ['node1', 'client'],
    ]);
    const { environment } = spec.job!;
    expect(environment).toMatchObject({ ALPY_DUT: 'left', ALPY_NODE: 'client', ALPY_LINKS: '3' });
    expect(JSON.parse(environment['ALPY_TOPOLOGY_JSON'] ?? '')).toMatchObject({
      duts: [{ name: 'left' }, { name: 'right' }],
      links: [{ name: 'client--left:0' }, { name: 'left:1--right:1', ends: ['left:1', 'right:1'] }, {}],
    });
  });

  test('without ALPY_NODE, scripts run beside the first node', async () => {
    expect((await plan(bed)).job?.node).toBe('client');
  });

  test('scripts and services do not run beside a node of kind guest', async () => {
    const project = { 'alpy.yaml': long.replace('client: {}', 'client: { kind: guest }') };
    expect((await plan({ project })).job?.node).toBe('server');
    const message = 'expected a node of kind container, beside which scripts and services can run, got client of kind guest';
    await expect(plan({ project, variables: { ALPY_NODE: 'client' } })).rejects.toThrow(`ALPY_NODE: ${message}`);
    const services = [{ name: 'a/web:1', alias: 'client' }];
    const settings = 'images: { allow: ["**"] }';
    await expect(plan({ project, services, settings })).rejects.toThrow(`service client: ${message}`);
  });

  test('a name that no node has is refused', async () => {
    await expect(plan({ ...bed, variables: { ALPY_NODE: 'clint' } })).rejects.toThrow(
      'ALPY_NODE: expected the name of a node (client, server), got "clint". Did you mean client?',
    );
    const services = [{ name: 'a/web:1', alias: 'web', variables: { ALPY_NODE: 'servr' } }];
    await expect(plan({ ...bed, services })).rejects.toThrow(
      'service web: expected the name of a node (client, server), got "servr". Did you mean server?',
    );
  });

  test('links of named devices are not counted by ALPY_TOPOLOGY_LINKS', async () => {
    await expect(plan({ ...bed, variables: { ALPY_TOPOLOGY_LINKS: '3' } })).rejects.toThrow(
      'topology.links (from ALPY_TOPOLOGY_LINKS): expected a list of links beside topology.duts, got the number 3. Name both ends of each link',
    );
  });

  test('mistakes in the file of a job are reported together with their lines', async () => {
    const project = { 'alpy.yaml': long.replace('[client, left:0]', '[clint, left:0]').replace('right: router', 'right: routr') };
    await expect(plan({ project })).rejects.toThrow(
      /alpy\.yaml:\n {2}line 3: topology\.duts\.right: .* got "routr".*\n {2}line 5: topology\.links\.0\.0: .* got "clint"/,
    );
  });

  test('the limits of the runner are for all devices together', async () => {
    await expect(plan({ ...bed, settings: 'limits: { memoryMiB: 512, cpus: 1, links: 2 }' })).rejects.toThrow(
      'memoryMiB of all devices: expected at most 512, got 600\n  cpus of all devices: expected at most 1, got 2\n  topology.links: expected at most 2, got 3',
    );
  });
});

describe('services', () => {
  const bed = { project: { 'alpy.yaml': projectYaml }, settings: 'images: { allow: ["**"] }' };

  test('run on the node that their ALPY_NODE or alias names, by default on the node of the job', async () => {
    const services = [
      { name: 'registry.example:5000/a/web:1@sha256:0', alias: '', entrypoint: [], command: null },
      { name: 'web:2', alias: 'node1' },
      { name: 'iperf3', alias: 'sink', variables: { ALPY_NODE: 'node2', A: 'b' }, entrypoint: ['iperf3'], command: ['-s'] },
    ];
    const spec = await plan({ ...bed, services, variables: { ALPY_NODE: 'node0' } });
    const limits = { memoryMiB: 2048, pids: 2048, capabilities: ['NET_ADMIN', 'NET_RAW'] };
    expect(spec.services).toEqual([
      { name: 'web', node: 'node0', image: 'registry.example:5000/a/web:1@sha256:0', limits },
      { name: 'node1', node: 'node1', image: 'web:2', limits },
      {
        name: 'sink',
        node: 'node2',
        image: 'iperf3',
        entrypoint: ['iperf3'],
        command: ['-s'],
        environment: { ALPY_NODE: 'node2', A: 'b' },
        limits,
      },
    ]);
  });

  test.each([
    [[{ name: 'a/web:1' }, { name: 'b/web:2' }], 'services: two have the name web. Give them different aliases'],
    [[{ name: 'a', alias: 'node7' }], 'service node7: expected the name of a node (node0, node1, node2), got "node7"'],
    [[{ name: 'a', variables: { ALPY_NODE: 'x' } }], 'service a: expected the name of a node'],
  ])('%j: %s', async (services, message) => {
    await expect(plan({ ...bed, services })).rejects.toThrow(message);
  });

  test('need allowed images', async () => {
    const services = [{ name: 'web' }];
    await expect(plan({ project: bed.project, services })).rejects.toMatchObject({ code: 'ALPY_USAGE' });
  });

  test("may use alpy's images and the default image, whatever image the job uses", async () => {
    const images = resolveImages({}, {});
    const traffic = images.find(({ name }) => name === 'traffic')?.reference ?? '';
    const services = [traffic, 'tools:1'].map((name) => ({ name, alias: name.replace(/\W/g, '-') }));
    const context = await contextFor({
      variables: { CI_JOB_IMAGE: 'alpine:3' },
      settings: 'images: { default: "tools:1", allow: ["alpine:*"] }',
      services,
    });
    expect(jobImages(context, images)).toEqual({ job: 'alpine:3', services: [traffic, 'tools:1'] });
  });
});

describe('paths and images', () => {
  test.each(['', '/etc', '/', '../..', 'BUILDS', 'BUILDS/../other', 'BUILDS-evil/p'])(
    'CI_PROJECT_DIR=%j is refused',
    async (path) => {
      const { settings, job } = await contextFor({});
      const { builds } = jobPaths(settings, job);
      const found = path.replace('BUILDS', builds);
      const moved = { ...job, variables: { CI_PROJECT_DIR: found } };
      expect(() => projectDirectory({ settings, job: moved, env: {}, accelCacheFile: '' })).toThrow(
        `CI_PROJECT_DIR: expected the project's folder below ${builds}, got ${JSON.stringify(found)}`,
      );
    },
  );

  test('the project is next to RUNNER_TEMP_PROJECT_DIR; a job that sets another CI_PROJECT_DIR is refused', async () => {
    const { settings, job } = await contextFor({});
    const { builds } = jobPaths(settings, job);
    const at = (found: string, temporary: string): string => {
      const variables = { CI_PROJECT_DIR: `${builds}/${found}`, RUNNER_TEMP_PROJECT_DIR: `${builds}/${temporary}` };
      return projectDirectory({ settings, job: { ...job, variables }, env: {}, accelCacheFile: '' });
    };
    expect(at('a/b', 'a/b.tmp')).toBe(`${builds}/a/b`);
    for (const found of ['a/c', 'a', 'a/b.tmp/x']) expect(() => at(found, 'a/b.tmp')).toThrow(UsageError);
  });

  test("a job runs in its own image if that is allowed, else in the runner's default image", async () => {
    const images = resolveImages({}, {});
    const named = await contextFor({ variables: { CI_JOB_IMAGE: 'alpine:3' } });
    expect(() => jobImages(named, images)).toThrow(UsageError);
    const settings = await settingsOf('images: { default: "tools:1", allow: ["alpine:*"] }');
    expect(jobImages({ ...named, settings }, images).job).toBe('alpine:3');
    expect(jobImages({ ...(await contextFor({})), settings }, images).job).toBe('tools:1');
  });
});
