// SPDX-License-Identifier: GPL-3.0-or-later
import { execFileSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, open, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withSink } from '../../src/core/step.ts';
import { runLabel } from '../../src/docker/index.ts';
import { SnapshotStore, type Snapshot } from '../../src/snapshot/index.ts';
import { LifelinePool, type Appliance, type Testbed } from '../../src/testbed/index.ts';
import { decodeFile } from '../support/decode-file.ts';
import { resolveTopology } from '../../src/topology/index.ts';
import { fill } from '../support/fill-disk.ts';
import { procText, qemuProcesses } from '../support/processes.ts';
import { TestHost, rabbit, rabbitImage } from '../support/testbeds.ts';

const provision = [
  'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6', // else the guest looks for routers now and then, also after a restore
  'ip address replace 192.168.1.1/24 dev eth0 && ip link set eth0 up',
  'head -c 300000 /dev/urandom >/root/written && cksum /root/written >/tmp/cksum && sync',
];
const appliance = rabbit({ provision });
const mebibyte = 1024 ** 2;
const storeBytes = 4096 * mebibyte;

let testHost: TestHost;
let directory: string;
let store: SnapshotStore;
let snapshot: Snapshot;

beforeAll(async () => {
  testHost = await TestHost.open();
  directory = await mkdtemp(join(tmpdir(), 'alpy-snapshots-'));
  store = new SnapshotStore(join(directory, 'store'), storeBytes);
  snapshot = await provide(appliance);
});

afterAll(async () => {
  const { runId } = testHost.engine;
  await testHost[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
  const filters = { label: [`${runLabel}=${runId}`] };
  expect(await new Docker().listContainers({ all: true, filters })).toEqual([]);
});

async function provide(wanted: Appliance, into = store, links = 1, maxBytes = storeBytes): Promise<Snapshot> {
  const factory = testHost.factory({ snapshots: { directory: into.directory, maxBytes } });
  const disk = await factory.inspectDisk(wanted);
  const logs = await mkdtemp(join(directory, 'boot-'));
  return factory.provideSnapshot({ appliance: wanted, topology: resolveTopology({ links }), disk }, logs);
}

async function restore(from = snapshot): Promise<Testbed> {
  const testbed = await testHost.testbed(appliance, 1, { start: from });
  await testbed.dut.boot();
  return testbed;
}

/** What was logged while `body` ran. */
async function logged(body: () => Promise<unknown>): Promise<string> {
  const lines: string[] = [];
  await withSink(
    (event) => {
      if (event.kind === 'log') lines.push(event.text);
    },
    async () => {
      await body();
    },
  );
  return lines.join('\n');
}

describe('a restored guest', () => {
  test('is provisioned and reachable, and has the right time; its captures begin empty, with correct times', async () => {
    const testbed = await restore();
    const [node] = testbed.nodes;
    expect(await testbed.links[0]!.capture.count()).toBe(0); // neither QEMU nor alpy announces anything
    await node!.configure({ address: '192.168.1.2/24' });
    const sentMs = Date.now();
    expect((await node!.ping('192.168.1.1')).received).toBeGreaterThan(0);
    const answeredMs = Date.now();
    await testbed.dut.waitForClock();
    const before = Date.now() / 1000;
    const guest = Number((await testbed.dut.shell.run('date +%s.%N')).output);
    expect(guest).toBeGreaterThan(before - 1);
    expect(guest).toBeLessThan(Date.now() / 1000 + 1);
    await testbed.close();
    const [request] = await decodeFile(testHost, testbed.links[0]!.capture.path, 'icmp.type == 8', ['frame.time_epoch']);
    const capturedMs = Number(request?.[0]) * 1000;
    expect(capturedMs).toBeGreaterThan(sentMs - 20);
    expect(capturedMs).toBeLessThan(answeredMs + 20);
  });

  test('shares neither memory, disk nor random numbers with another guest of the same snapshot', async () => {
    const [one, two] = await Promise.all([restore(), restore()]);
    const random = 'head -c 16 /dev/urandom | od -An -tx1';
    const [first, second] = await Promise.all([one.dut.shell.run(random), two.dut.shell.run(random)]);
    expect(first.output).not.toBe(second.output);
    await one.dut.shell.run('echo mine >/root/mine; echo mine >/tmp/mine; sync');
    const missing = await two.dut.shell.run('ls /root/mine /tmp/mine', { check: false });
    expect(missing.exitStatus).not.toBe(0);
    // what was written before the snapshot comes from its disk, not from the image
    await two.dut.shell.run('sync; echo 3 >/proc/sys/vm/drop_caches; cksum /root/written | cmp - /tmp/cksum');
    await Promise.all([one.close(), two.close()]);
    const third = await restore();
    await third.dut.shell.run('! ls /root/mine /tmp/mine'); // their changes are not in the snapshot
    await third.close();
  });
});

test.each([
  [
    'reset',
    async ({ dut }: Testbed) => {
      await dut.reset();
      await dut.login();
    },
  ],
  [
    'reboots',
    async ({ dut }: Testbed) => {
      await dut.reboot();
    },
  ],
] as const)('a restored guest boots again when it %s', async (_what, act) => {
  const testbed = await restore();
  await act(testbed);
  expect((await testbed.dut.shell.run('ls /tmp/mine /tmp/cksum', { check: false })).exitStatus).not.toBe(0); // a new /tmp
  await testbed.dut.powerDown();
  await testbed.close();
});

test('a change to anything the guest depends on makes another snapshot; other changes do not', async () => {
  const { key } = snapshot.record;
  const keys = async (): Promise<readonly string[]> => (await store.list()).map(({ record }) => record.key).sort();
  const before = await keys();
  expect((await provide(rabbit({ provision, bootTimeoutMs: 1000, clockCommand: '' }))).record.key).toBe(key);
  const other = await provide(rabbit({ provision: [...provision, 'true'] }));
  expect(other.record.key).not.toBe(key);
  expect(await keys()).toEqual([...before, other.record.key].sort());
});

describe('a disk that `qemuArgs` adds', () => {
  let folder: string;
  const adds = (options: string, changes: Partial<Appliance> = {}): Appliance =>
    rabbit({
      image: join(folder, 'rabbit.qcow2'),
      qemuArgs: ['-drive', `file=/alpy/image/seed,format=raw,if=virtio,${options}`],
      ...changes,
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(directory, 'images-'));
    await chmod(folder, 0o755); // QEMU's user has to enter it
    await copyFile(rabbitImage, join(folder, 'rabbit.qcow2'));
  });

  const writeSeed = (text: string): Promise<void> => writeFile(join(folder, 'seed'), text.padEnd(65_536, '\n'));

  test('makes another snapshot when its content changes', async () => {
    for (const content of ['one', 'two']) {
      await writeSeed(content);
      const wanted = adds('readonly=on', { provision: ['cat /dev/vdb >/dev/null'] }); // now the guest's memory holds it
      const testbed = await testHost.testbed(wanted, 0, { start: await provide(wanted, store, 0) });
      await testbed.dut.boot();
      expect(await testbed.dut.shell.run('head -n 1 /dev/vdb')).toMatchObject({ output: content });
      await testbed.close();
    }
  });

  test('prevents a snapshot if the guest has written to it', async () => {
    await writeSeed('one');
    const wanted = adds('snapshot=on', { provision: ['echo mine >/dev/vdb && sync'] });
    await expect(provide(wanted, store, 0)).rejects.toMatchObject({
      code: 'ALPY_SNAPSHOT',
      message: expect.stringMatching(
        /qemuArgs adds the disk virtio\d, and the guest wrote to it, which no snapshot can hold/,
      ) as string,
    });
  });
});

test('guests of different snapshots use one lifeline, one after the other', async () => {
  const two = await provide(appliance, store, 2);
  await using lifelines = new LifelinePool(testHost.directory);
  const used: string[] = [];
  for (const [links, from] of [
    [1, snapshot],
    [2, two],
    [1, snapshot],
  ] as const) {
    const own = await mkdtemp(join(testHost.directory, 'testbed-'));
    const testbed = await testHost.testbed(appliance, links, { directory: own, start: from, lifelines });
    await testbed.dut.boot();
    expect(await testbed.dut.shell.run('ls -d /sys/class/net/eth? | wc -l')).toMatchObject({ output: String(links) });
    used.push(testbed.qemu.id);
    await testbed.close();
  }
  expect(new Set(used).size).toBe(1);
});

/** Kills the QEMU of this host's testbed. */
async function killQemu(): Promise<void> {
  const filters = { label: [`${runLabel}=${testHost.engine.runId}`] };
  const ids = (await new Docker().listContainers({ filters })).map(({ Id }) => Id);
  const own = qemuProcesses().filter((pid) => ids.some((id) => procText(pid, 'cgroup').includes(id)));
  expect(own).toHaveLength(1);
  process.kill(Number(own[0]), 'SIGKILL');
}

describe('a snapshot', () => {
  test('is not made if its disk becomes full while the guest boots, and the error says so', async () => {
    const small = join(directory, 'small-disk');
    await mkdir(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=520m', 'tmpfs', small]);
    try {
      const filled = Promise.withResolvers<void>();
      const making = withSink(
        (event) => {
          if (event.kind === 'begin' && event.title.startsWith('Log in')) fill(small).then(filled.resolve, filled.reject);
        },
        () => provide(rabbit(), new SnapshotStore(small, storeBytes)),
      );
      await expect(making).rejects.toMatchObject({
        code: 'ALPY_SNAPSHOT',
        message: expect.stringContaining('of free space on its disk') as string,
        cause: expect.objectContaining({ signal: 'SIGBUS' }) as object,
      });
      await filled.promise;
    } finally {
      execFileSync('umount', ['--lazy', small]);
    }
  });

  test('is not made if QEMU is killed while the guest boots, and the error says that QEMU died', async () => {
    const other = new SnapshotStore(join(directory, 'killed'), storeBytes);
    const killed = Promise.withResolvers<void>();
    const making = withSink(
      (event) => {
        if (event.kind === 'begin' && event.title.startsWith('Log in')) killQemu().then(killed.resolve, killed.reject);
      },
      () => provide(rabbit(), other),
    );
    await expect(making).rejects.toMatchObject({ code: 'ALPY_CONTAINER_DIED', fault: 'environment', signal: 'SIGKILL' });
    await killed.promise;
  });

  let damaged: SnapshotStore;

  /** A store with a copy of the snapshot. */
  async function copyOf(change: (folder: string) => Promise<void>): Promise<void> {
    damaged = new SnapshotStore(await mkdtemp(join(directory, 'store-')), storeBytes);
    const folder = await damaged.begin(0);
    for (const name of [...Object.keys(snapshot.record.files), 'snapshot.json', 'verified.json'])
      await copyFile(join(snapshot.directory, name), join(folder, name));
    await change(folder);
    await rename(folder, join(damaged.directory, 'saved', snapshot.record.key));
  }

  test.for([
    ['truncated', (folder: string) => truncate(join(folder, 'memory'), 1000), 'memory has 1000 bytes, not 268435456'],
    [
      'altered',
      async (folder: string) => {
        await using file = await open(join(folder, 'memory'), 'r+');
        await file.write('x', 123_456_789);
      },
      'the content of memory is not what was saved',
    ],
    ['without a part', (folder: string) => rm(join(folder, 'disk.qcow2')), 'disk.qcow2 is missing'],
    ['without a record', (folder: string) => writeFile(join(folder, 'snapshot.json'), '{'), 'is not the record'],
  ] as const)('%s is reported, removed and not used', async ([, change, reason]) => {
    await copyOf(change);
    const log = await logged(async () => {
      expect(await damaged.find(snapshot.record.key)).toBeUndefined();
    });
    expect(log).toContain(reason);
    expect(await damaged.list()).toEqual([]);
  });

  test('that is undamaged is used after a check of its content', async () => {
    await copyOf(() => Promise.resolve());
    expect((await damaged.find(snapshot.record.key))?.record).toEqual(snapshot.record);
  });

  test.for([
    [
      'written to',
      async (path: string) => {
        await using file = await open(path, 'r+');
        await file.write('x', 123_456_789);
      },
    ],
    ['truncated', (path: string) => truncate(path, 4096)],
  ] as const)('whose memory is %s while a guest uses it is named when the testbed is closed', async ([, change]) => {
    await copyOf(() => Promise.resolve());
    const used = (await damaged.find(snapshot.record.key))!;
    const testbed = await restore(used);
    const memory = join(used.directory, 'memory');
    await change(memory);
    await testbed.dut.shell.run('find / -xdev -type f | xargs cat | cksum', { timeoutMs: 10_000 }).catch(() => undefined); // uses memory
    await expect(testbed.close()).rejects.toMatchObject({
      code: 'ALPY_SNAPSHOT',
      fault: 'environment',
      message: expect.stringContaining(memory) as string,
    });
  });

  test('that is pruned while a guest uses it is harmless', async () => {
    await copyOf(() => Promise.resolve());
    const used = (await damaged.find(snapshot.record.key))!;
    const testbed = await restore(used);
    await damaged.prune({ maxBytes: 0, isForced: true });
    await testbed.dut.shell.run('echo 3 >/proc/sys/vm/drop_caches; cksum /root/written | cmp - /tmp/cksum');
    await testbed.close();
  });

  test('of another version of QEMU is refused', async () => {
    const record = { ...snapshot.record, qemuVersion: '7.2.22' };
    await expect(restore({ ...snapshot, record })).rejects.toThrow(/was saved by QEMU 7\.2\.22, but this is QEMU \d/);
  });

  test('whose state QEMU cannot read is refused, with the output of QEMU', async () => {
    await copyOf((folder) => writeFile(join(folder, 'state'), 'no state at all'));
    const broken = { record: snapshot.record, directory: join(damaged.directory, 'saved', snapshot.record.key) };
    await expect(restore(broken)).rejects.toMatchObject({
      code: 'ALPY_HYPERVISOR',
      stderr: expect.stringContaining('migration') as string,
    });
  });
});

test('two runs that create the same snapshot at once both get it', async () => {
  const shared = new SnapshotStore(join(directory, 'shared'), storeBytes);
  const [one, two] = await Promise.all([provide(appliance, shared), provide(appliance, shared)]);
  expect(one).toEqual(two);
  expect(await shared.list()).toHaveLength(1);
  await (await restore(two)).dut.shell.run('true');
});

test('a store that is too small is reported before anything boots', async () => {
  const small = new SnapshotStore(join(directory, 'small'), 100 * mebibyte);
  await expect(provide(appliance, small, 1, 100 * mebibyte)).rejects.toMatchObject({
    code: 'ALPY_SNAPSHOT',
    message: expect.stringContaining('snapshots.maxMiB') as string,
  });
});

test('an image that changes during the run is reported, whether guests boot or are restored', async () => {
  const image = join(directory, 'changing.qcow2');
  await copyFile(rabbitImage, image);
  const changing = rabbit({ provision, image });
  const factory = testHost.factory();
  const disk = await factory.inspectDisk(changing);
  await copyFile(rabbitImage, image);
  for (const start of ['cold', snapshot] as const) {
    const request = {
      devices: [{ appliance: changing, disk }],
      topology: resolveTopology({ links: 0 }),
      directory: await mkdtemp(join(directory, 'changed-')),
      start,
    };
    await expect(factory.create(request)).rejects.toThrow(/changing\.qcow2: it was changed or replaced while the run used it/);
  }
});
