// SPDX-License-Identifier: GPL-3.0-or-later
// Every kind of container has exactly the privileges that docs/security.md says.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { privileges } from '../../scripts/privileges.ts';
import { Decoder } from '../../src/capture/index.ts';
import { Container, defaultCapabilities, type ContainerSpec } from '../../src/docker/index.ts';
import { checkNodeFeatures } from '../../src/doctor/node-features.ts';
import { checkTun } from '../../src/doctor/tun.ts';
import type { DriverContext } from '../../src/gitlab/executor/driver-context.ts';
import { jobPaths } from '../../src/gitlab/executor/paths.ts';
import { defaultSettings, type Settings } from '../../src/gitlab/executor/settings.ts';
import { runUnpacking } from '../../src/gitlab/executor/stages/unpack.ts';
import { runFileScript } from '../../src/gitlab/executor/files/file-script.ts';
import { imageNamed } from '../../src/images/index.ts';
import { inspectDisks } from '../../src/qemu/index.ts';
import { startJobContainer } from '../../src/session/job-container.ts';
import { inspectHost, type Testbed } from '../../src/testbed/index.ts';
import { blankDiskBzip2 } from '../support/blank-disk.ts';
import { openWithBlankDisk, rabbit, type TestHost } from '../support/testbeds.ts';
import { privilegesOf } from '../support/privileges-of.ts';
import { procText } from '../support/processes.ts';

/** A container with what the daemon says about it between its creation and its start. */
interface Created {
  readonly kind: string;
  readonly spec: ContainerSpec;
  readonly inspection: Docker.ContainerInspectInfo;
}

let testHost: TestHost;
let testbed: Testbed;
let builds: string;
const created: Created[] = [];
const disposables = new AsyncDisposableStack();

beforeAll(async () => {
  const create = Container.create.bind(Container);
  vi.spyOn(Container, 'create').mockImplementation(async (engine, spec, signal) => {
    const container = await create(engine, spec, signal);
    const inspection = await engine.docker.getContainer(container.id).inspect();
    created.push({ kind: kindOf(spec.name), spec, inspection });
    return container;
  });
  let blank: string;
  ({ testHost, blank } = await openWithBlankDisk());
  const { engine, directory, facts } = testHost;
  const signal = new AbortController().signal;
  await inspectHost(engine, { images: facts.images, accel: 'auto', directory }); // without a cache, so that it probes KVM
  const image = (name: 'qemu' | 'node'): string => imageNamed(facts.images, name).reference;
  await checkTun(engine, image('qemu'));
  await checkNodeFeatures(engine, image('node'));
  builds = await mkdtemp(join(directory, 'builds-'));
  const settings = defaultSettings(join(directory, 'executor.yaml'));
  const job = { key: 'privileges', id: 1 };
  const mounts = [{ source: builds, target: builds, readOnly: false }];
  await runFileScript({ settings, env: process.env, job }, { script: 'true', args: [], mounts, what: 'do nothing' }, signal);
  await unpackNothing(settings);
  const compressed = join(directory, 'blank.raw.bz2');
  await writeFile(compressed, blankDiskBzip2);
  const disks = { engine, image: image('qemu'), access: facts.access, unpackedDirectory: join(directory, 'unpacked') };
  await inspectDisks({ image: compressed, format: 'auto' }, disks, signal);

  const nodes = { node0: { uplink: uplinkNetwork }, node1: { kind: 'guest' } } as const;
  testbed = await testHost.testbed(rabbit({ image: blank, login: undefined, memoryMiB: 64 }), 2, { nodes });
  const node = testbed.nodes[0]!;
  const files = [{ path: '/file', content: 'text' }];
  await testbed.apps.start({ node, name: 'app', command: ['sleep', '600'], files });
  await node.configure({ address: '192.168.1.1/24', sysctls: { 'net.ipv4.ip_forward': 1 } });
  await testbed.services.dhcp(node);
  await testbed.services.ntp(node);
  await testbed.services.http(node, { files: { file: 'text' } });
  const shared = [
    ...mounts,
    { source: builds, target: '/alpy', readOnly: true },
    { source: builds, target: '/alpy/calls', readOnly: false },
  ];
  const { jobMemoryMiB: memoryMiB, jobPids: pids } = settings.limits;
  const spec = {
    node: 'node0',
    image: image('node'),
    mounts: shared,
    environment: {},
    limits: { memoryMiB, pids, capabilities: defaultCapabilities },
  };
  await mkdir(join(builds, 'calls'));
  disposables.use(await startJobContainer(engine, testbed, spec));
  if (facts.access.kind === 'copy') return; // the daemon sees no captures of ours, so there is no decoder
  const decoder = disposables.use(new Decoder({ engine, image: image('qemu'), access: facts.access, directory }));
  const { path: file } = testbed.links[0]!.capture;
  await decoder.frames({ file, toWallClock: (seconds) => seconds }, { filter: '' }, signal);
});

afterAll(async () => {
  await disposables.disposeAsync();
  await testbed.close();
  expect(await testHost.containers()).toEqual([]);
  await testHost[Symbol.asyncDispose]();
});

/** Runs a script of the runner for a job that exists nowhere else. */
async function unpackNothing(defaults: Settings): Promise<void> {
  const settings = { ...defaults, root: join(testHost.directory, 'root') };
  const job = { key: 'privileges', id: 1, projectId: 1, timeoutMs: 60_000 };
  const paths = jobPaths(settings, job);
  for (const folder of [paths.builds, paths.cache, paths.session]) await mkdir(folder, { recursive: true });
  const variables = { CI_PROJECT_DIR: join(paths.builds, 'project') };
  const context = { settings, env: process.env, job: { ...job, variables } } as unknown as DriverContext;
  const script = join(testHost.directory, 'script');
  await writeFile(script, 'true\n');
  const io = {
    signal: new AbortController().signal,
    serverCommand: [],
    log: () => undefined,
    stdout: () => undefined,
    stderr: () => undefined,
  };
  await runUnpacking(context, script, io);
}

/** A Docker network of every daemon, which leads nowhere. */
const uplinkNetwork = 'none';

/** An app has the name of its program and its node, and so have the containers of an uplink. */
function kindOf(name: string): string {
  const [program = '', node] = name.split('@');
  const kinds: Readonly<Record<string, string>> = {
    ...{ dhcp: 'dhcp', ntp: 'ntp', http: 'service' },
    ...{ uplink: 'uplink', 'uplink-tap': 'uplink-tap', sysctls: 'sysctls' },
  };
  if (node !== undefined) return kinds[program] ?? 'app';
  return name === 'node1' ? 'guest' : /^node\d+$/.test(name) ? 'node' : name;
}

test('every kind of container is in the table, and every kind of the table was started', () => {
  expect(new Set(created.map(({ kind }) => kind))).toEqual(new Set(Object.keys(privileges)));
});

test.each(Object.keys(privileges))('%s: the daemon has the settings of the table', (kind) => {
  const ofKind = created.filter((one) => one.kind === kind);
  expect(ofKind.length).toBeGreaterThan(0);
  const { reason, mounts, ...expected } = privileges[kind]!;
  expect(reason).not.toBe('');
  for (const { inspection } of ofKind) {
    const found = privilegesOf(inspection, (id) => created.find((one) => one.inspection.Id === id)?.kind ?? 'unknown');
    const devices = ['qemu', 'guest'].includes(kind) ? found.devices.filter((path) => path !== '/dev/kvm') : found.devices; // it depends on the machine
    const network = inspection.HostConfig.NetworkMode === uplinkNetwork && kind === 'uplink' ? 'a Docker network' : found.network;
    expect({ ...found, devices, network }).toMatchObject({ ...expected, isConfined: true });
    // which folders with certificates there are depends on the machine
    if (!mounts.includes('certificates ro')) expect(found.mounts.length).toBe(mounts.length);
    expect(found.mounts.filter((mount) => mount.endsWith(' rw')).length).toBe(
      mounts.filter((mount) => !mount.endsWith(' ro')).length,
    );
  }
});

test('all processes of live containers have no more capabilities, no new privileges, and seccomp', async ({ skip }) => {
  const live = (await Promise.all(created.map(async (one) => ({ ...one, pids: await pidsOf(one.inspection.Id) })))).filter(
    ({ pids }) => pids.length > 0,
  );
  if (!live.some(({ pids }) => existsSync(`/proc/${pids[0]}`))) skip('the processes of the daemon are not visible here');
  expect(new Set(live.map(({ kind }) => kind))).toEqual(
    new Set(['lifeline', 'qemu', 'node', 'guest', 'app', 'service', 'dhcp', 'ntp', 'job', 'decoder', 'uplink', 'uplink-tap']),
  );
  for (const { kind, pids } of live) {
    const allowed = maskOf(privileges[kind]!.capabilities);
    for (const pid of pids) {
      const status = procText(pid, 'status');
      if (status === '') continue; // the process has ended since the daemon listed it
      const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
      for (const name of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
        expect([kind, name, BigInt(`0x${field(name)}`) & ~allowed]).toEqual([kind, name, 0n]);
      expect([kind, field('NoNewPrivs'), field('Seccomp')]).toEqual([kind, '1', '2']);
      expect([kind, uidsOf(kind).includes(field('Uid').split('\t')[0] ?? '')]).toEqual([kind, true]);
    }
  }
});

/** As whom the processes of a container may run. */
function uidsOf(kind: string): readonly string[] {
  if (kind === 'guest') return ['0', '65525']; // what holds the namespace, and QEMU
  const [uid = ''] = privileges[kind]!.user.split(':');
  return [uid === '' ? '0' : uid];
}

/** Identifiers of the processes of a container, as the host sees them; none if it has ended. */
async function pidsOf(id: string): Promise<readonly string[]> {
  const top = (await testHost.engine.docker
    .getContainer(id)
    .top({ ps_args: '-eo pid' })
    .catch(() => undefined)) as { readonly Processes: readonly (readonly string[])[] } | undefined;
  return top?.Processes.map(([pid = '']) => pid) ?? [];
}

/** From linux/capability.h. */
const numbers: Readonly<Record<string, bigint>> = {
  ...{ CHOWN: 0n, DAC_OVERRIDE: 1n, FOWNER: 3n, KILL: 5n, SETGID: 6n, SETUID: 7n, SETPCAP: 8n },
  ...{ NET_BIND_SERVICE: 10n, NET_ADMIN: 12n, NET_RAW: 13n, SYS_CHROOT: 18n, AUDIT_WRITE: 29n },
};

function maskOf(capabilities: readonly string[]): bigint {
  return capabilities.reduce((mask, name) => mask | (1n << numbers[name]!), 0n);
}
