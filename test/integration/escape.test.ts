// SPDX-License-Identifier: GPL-3.0-or-later
// Programs in the containers of a testbed cannot reach this machine, another testbed, or what protects their own testbed.
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lifetime } from '../../src/core/lifetime.ts';
import type { Testbed } from '../../src/testbed/index.ts';
import {
  checkControl,
  holes,
  parseOutcomes,
  program,
  type Facts,
  type Outcomes,
  type PlaceName,
} from '../support/escape/attempt.ts';
import { attempts } from '../support/escape/attempts.ts';
import { Machine } from '../support/escape/machine.ts';
import { OtherTestbed } from '../support/escape/other-testbed.ts';
import { useExecutorHost } from '../support/executor-host.ts';
import { openWithBlankDisk, rabbit, type TestHost } from '../support/testbeds.ts';

const lifetime = new Lifetime();
let testHost: TestHost;
let testbed: Testbed;
let directory: string;
let blank: string;
let other: OtherTestbed;
let machine: Machine;
let facts: Facts;
let control: Outcomes;

const onMachine = attempts.filter(({ controlIn = 'machine' }) => controlIn === 'machine');
const betweenTestbeds = attempts.filter(({ controlIn }) => controlIn === 'other testbed');

beforeAll(async () => {
  ({ testHost, blank } = await openWithBlankDisk());
  lifetime.defer('test host', () => testHost[Symbol.asyncDispose]());
  const silent = rabbit({ image: blank, login: undefined, memoryMiB: 64 });
  directory = await mkdtemp(join(testHost.directory, 'testbed-'));
  testbed = await testHost.testbed(silent, 1, { directory });
  other = await OtherTestbed.start(await testHost.testbed(silent, 1));
  machine = await Machine.open(testHost, [directory, blank]);
  lifetime.defer('machine', () => machine[Symbol.asyncDispose]());
  facts = { ...machine.facts, ...other.facts };
  control = await machine.control(onMachine);
});

afterAll(async () => {
  await lifetime[Symbol.asyncDispose]();
});

describe('each attempt works', () => {
  test('in a container with all rights', ({ annotate }) => {
    const { broken, lacking } = checkControl(onMachine, control);
    expect(broken).toEqual([]);
    for (const one of lacking) void annotate(`this machine cannot show: ${one}`);
  });

  test('in the other testbed', async () => {
    const printed = await other.testbed.nodes[0]!.run(['perl', '-'], { input: program(betweenTestbeds, facts) });
    expect(checkControl(betweenTestbeds, parseOutcomes(printed.stdout))).toEqual({ broken: [], lacking: [] });
  });
});

const holesFrom = (place: PlaceName, printed: string): readonly string[] =>
  holes(attempts, place, parseOutcomes(printed), control);

describe('each attempt is refused', () => {
  const runApp = async (input: string, options: { readonly user?: string }): Promise<string> => {
    const app = { node: testbed.nodes[0]!, image: 'node', command: ['perl', '-e', input], ...options };
    return (await testbed.apps.run(app, { check: false })).stdout;
  };

  test('on a node', async () => {
    const { stdout } = await testbed.nodes[0]!.run(['perl', '-'], { input: program(attempts, facts), check: false });
    expect(holesFrom('node', stdout)).toEqual([]);
  });

  test('in an app', async () => {
    expect(holesFrom('app', await runApp(program(attempts, facts), {}))).toEqual([]);
  });

  test('in an app of another user', async () => {
    expect(holesFrom('user', await runApp(program(attempts, facts), { user: '65534:65534' }))).toEqual([]);
  });
});

test("each attempt is refused in QEMU's container", async ({ skip }) => {
  const [name] = (await testHost.containers()).filter((one) => one.endsWith('-qemu'));
  if (name === undefined) {
    skip('QEMU has no container of its own');
    return;
  }
  const files = machine.files.filter((file) => !file.endsWith(directory) && !file.endsWith(blank)); // those are its testbed's
  const input = program(attempts, { ...facts, files, alone: 1, allowed: ['net/tun', 'kvm'] });
  const { stdout } = await execa('docker', ['exec', '-i', name.slice(1), 'perl', '-'], { input });
  expect(holesFrom('qemu', stdout)).toEqual([]);
});

describe('a job', () => {
  const host = useExecutorHost();
  /** What a job may do in its own folder, and what must lead nowhere. */
  const plants = ['cp /bin/sh planted && chmod 4755 planted', 'ln -s /etc/shadow link', 'mkfifo pipe go'];

  test('each attempt is refused to its scripts, and on its node; other users do not reach what it plants', async () => {
    const job = await host().start({
      variables: { ALPY_APPLIANCE: 'silent' },
      fileVariables: { ON_NODE: program(attempts, facts), IN_JOB: program(attempts, { ...facts, alone: 1 }) },
      script: [
        'perl "$IN_JOB" >job.txt',
        'alpy exec node0 -i -- perl - <"$ON_NODE" >node.txt',
        ...plants,
        'echo planted',
        'cat go',
      ],
      artifacts: { paths: ['job.txt', 'node.txt'] },
    });
    await job.printed(/^planted\r?$/m);
    const builds = await host().folderOf(job.payload, 'builds');
    expect(await found(builds, ['-name', 'planted', '-perm', '-4000'])).toHaveLength(1);
    if (process.getuid?.() === 0) expect(await found(builds, ['-name', 'planted'], 65_534)).toEqual([]);
    const [go = ''] = await found(builds, ['-name', 'go']);
    await execa('sh', ['-c', ': >"$0"', go]);
    const result = await job.result;
    expect(result, result.log).toMatchObject({ status: 'success' });
    expect(holesFrom('job', await host().readArtifact(job, 'job.txt'))).toEqual([]);
    expect(holesFrom('session', await host().readArtifact(job, 'node.txt'))).toEqual([]);
  });
});

describe('on this machine', () => {
  /** Device nodes, pipes, links, and programs that change the user. */
  const suspicious = ['(', '-type', 'b,c,p,l', '-o', '-perm', '/6000', ')'];

  test.runIf(process.getuid?.() === 0)('other users do not find a hosts file that a node makes a setuid program', async () => {
    const node = testbed.nodes[0]!;
    await node.run('chmod 4755 /etc/hosts');
    try {
      expect(await found(directory, suspicious)).toHaveLength(1);
      expect(await found(directory, suspicious, 65_534)).toEqual([]);
    } finally {
      await node.run('chmod 644 /etc/hosts');
    }
  });

  test('nothing is left or changed', async () => {
    expect(await found(testHost.directory, suspicious)).toEqual([]);
    expect(await readFile(machine.canary, 'utf8')).toBe(machine.mark);
    await testbed.close();
    expect(await found(directory, ['-name', '.*'])).toEqual([]);
    await other.testbed.close();
    expect(await testHost.containers()).toEqual([]);
  });
});

/** The files below a folder that match, as a user finds them. @param uid - default: this process */
async function found(folder: string, conditions: readonly string[], uid?: number): Promise<readonly string[]> {
  const user = uid === undefined ? {} : { uid, gid: uid };
  const { stdout } = await execa('find', [folder, ...conditions], { ...user, reject: false });
  return stdout.split('\n').filter((line) => line !== '');
}
