// SPDX-License-Identifier: GPL-3.0-or-later
// A program that uses up what its container may use is limited, its error says so, and nothing else is affected.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { Decoder } from '../../src/capture/index.ts';
import { withSink } from '../../src/core/step.ts';
import { Container } from '../../src/docker/index.ts';
import { imageNamed } from '../../src/images/index.ts';
import type { Testbed } from '../../src/testbed/index.ts';
import { openWithBlankDisk, rabbit, type TestHost } from '../support/testbeds.ts';

let testHost: TestHost;
let testbed: Testbed;

beforeAll(async () => {
  let blank: string;
  ({ testHost, blank } = await openWithBlankDisk());
  testbed = await testHost.testbed(rabbit({ image: blank, login: undefined, memoryMiB: 64 }), 1);
  await testbed.dut.start();
});

afterAll(async () => {
  await testbed.close();
  expect(await testHost.containers()).toEqual([]);
  await testHost[Symbol.asyncDispose]();
});

/** The rest of the testbed still works. */
afterEach(async () => {
  testbed.check();
  expect(await testbed.dut.isRunning()).toBe(true);
  expect(await testbed.nodes[0]!.run('echo works')).toMatchObject({ stdout: 'works\n' });
});

/** Starts up to 2000 processes that stay until the last one is started, or cannot be started. */
const forks = `my @pids;
  for (1 .. 2000) {
    my $pid = fork;
    if (!defined $pid) { my $reason = $!; kill 'KILL', @pids; die 'Cannot fork after ' . @pids . " processes: $reason\\n" }
    if (!$pid) { sleep 600; exit }
    push @pids, $pid;
  }
  kill 'KILL', @pids`;
const fills = 'dd if=/dev/zero of=/tmp/file bs=1M count=10000';
const allocates = 'my $all = "x" x (2000 << 20); print length $all';

interface Case {
  readonly name: string;
  readonly command: readonly string[];
  readonly limits: { readonly memoryMiB?: number; readonly pids?: number };
  readonly option: string;
}

describe.each<Case>([
  { name: 'forks 2000 processes', command: ['perl', '-e', forks], limits: { pids: 50 }, option: 'pids' },
  { name: 'fills /tmp', command: ['sh', '-c', fills], limits: { memoryMiB: 64 }, option: 'memoryMiB' },
  { name: 'fills its memory', command: ['perl', '-e', allocates], limits: { memoryMiB: 64 }, option: 'memoryMiB' },
])('a program that $name is stopped, and the error names the limit', ({ command, limits, option }) => {
  const error = { code: 'ALPY_EXEC', fault: 'usage', message: expect.stringContaining(option) as string };

  test('in an app', async () => {
    await expect(testbed.apps.run({ node: testbed.nodes[0]!, image: 'node', command, ...limits })).rejects.toMatchObject(error);
  });

  test('on a node', async () => {
    const node = testbed.nodes[0]!;
    await expect(node.run(command)).rejects.toMatchObject(error);
    await node.run('rm -f /tmp/file'); // for the next tests
  });
});

test('a decoder that runs out of memory says so, and tshark decodes instead', async ({ skip }) => {
  const { engine, directory, facts } = testHost;
  if (facts.access.kind === 'copy') {
    skip('files are copied, so there is no decoder');
    return;
  }
  const create = Container.create.bind(Container);
  using spy = vi
    .spyOn(Container, 'create')
    .mockImplementation((of, spec, signal) => create(of, { ...spec, memoryMiB: 16 }, signal));
  const place = { engine, image: imageNamed(facts.images, 'qemu').reference, access: facts.access, directory };
  const logged: string[] = [];
  await using decoder = new Decoder(place);
  const capture = { file: testbed.links[0]!.capture.path, toWallClock: (seconds: number) => seconds };
  const found = await withSink(
    (event) => {
      if (event.kind === 'log') logged.push(event.text);
    },
    () => decoder.frames(capture, { filter: '' }, AbortSignal.timeout(120_000)),
  );
  expect(spy).toHaveBeenCalledOnce();
  expect(found).toBeUndefined();
  expect(logged).toContainEqual(expect.stringContaining('MiB of memory'));
});
