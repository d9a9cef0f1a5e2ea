// SPDX-License-Identifier: GPL-3.0-or-later
// Images that try to change how alpy runs them, what it reports, and what it removes.
import { randomBytes } from 'node:crypto';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { ownIdentity } from '../../src/core/identity.ts';
import { Lifetime } from '../../src/core/lifetime.ts';
import { jobLabel, removeOfDead } from '../../src/docker/index.ts';
import { imageNamed } from '../../src/images/index.ts';
import { startJobContainer } from '../../src/session/job-container.ts';
import { runIn } from '../../src/session/run-in.ts';
import type { Testbed } from '../../src/testbed/index.ts';
import { suiteId } from '../support/suite.ts';
import { openWithBlankDisk, rabbit, type TestHost } from '../support/testbeds.ts';

const lifetime = new Lifetime();
let testHost: TestHost;
let testbed: Testbed;

beforeAll(async () => {
  const { testHost: host, blank } = await openWithBlankDisk();
  lifetime.defer('test host', () => host[Symbol.asyncDispose]());
  testHost = host;
  testbed = await testHost.testbed(rabbit({ image: blank, login: undefined, memoryMiB: 64 }), 1);
});

afterAll(async () => {
  await lifetime[Symbol.asyncDispose]();
});

/** Builds an image on that of nodes; it is removed after all tests. @param lines - of its Dockerfile */
async function build(lines: readonly string[]): Promise<string> {
  const tag = `alpy-test/hostile-${randomBytes(4).toString('hex')}:latest`;
  const base = imageNamed(testHost.facts.images, 'node').reference;
  lifetime.defer(tag, async () => {
    await execa('docker', ['rmi', '-f', tag], { reject: false });
  });
  const input = [`FROM ${base}`, ...lines].join('\n');
  await execa('docker', ['build', '--network', 'host', '--tag', tag, '-'], { input });
  return tag;
}

/** Identity of a process of this machine that does not run. */
const dead = ownIdentity()!.replace(/\d+ \d+$/, '4194304 1');

test('an image decides about the command and user of an app, not about labels, health checks, signals or what is left', async () => {
  const image = await build([
    'ENV LD_PRELOAD=/evil.so PATH=/usr/bin:/bin',
    'VOLUME /data',
    'HEALTHCHECK --interval=1s CMD true',
    'STOPSIGNAL SIGCONT',
    'ONBUILD RUN false',
    `LABEL io.alpy.run=other io.alpy.owner="${dead}" io.alpy.job=other`,
    'USER 65534',
    'ENTRYPOINT ["sh", "-c", "trap : TERM; id -u; sleep infinity"]',
  ]);
  const app = await testbed.apps.start({ node: testbed.nodes[0]!, image, name: 'hostile' });
  await app.waitForOutput(/^65534$/);
  const { Config, HostConfig, Mounts } = await app.container.handle.inspect();
  expect(Config).toMatchObject({ Labels: testHost.engine.labels, Healthcheck: { Test: ['NONE'] }, StopSignal: 'SIGKILL' });
  expect(HostConfig.Tmpfs).toHaveProperty(['/data']); // instead of a volume, which could fill the disk
  expect(Mounts.filter(({ Type }) => Type === 'volume')).toEqual([]);
  await app.kill('SIGKILL');
  await app.wait({ check: false });
});

test.each(['exitCode', 'execID'])(
  'an image with the label %s is refused, because it would falsify how programs end',
  async (label) => {
    const image = await build([`LABEL ${label}=0`]);
    const run = testbed.apps.run({ node: testbed.nodes[0]!, image, command: ['false'] });
    await expect(run).rejects.toMatchObject({ code: 'ALPY_USAGE' });
  },
);

test("a container that somebody else starts from an image with alpy's labels is no leftover", async () => {
  const runId = `foreign${randomBytes(4).toString('hex')}`;
  const image = await build([`LABEL io.alpy.run=${runId} io.alpy.owner="${dead}"`]);
  const labels = ['--label', `${jobLabel}=${suiteId()}`];
  const { stdout: id } = await execa('docker', ['run', '-d', '--rm', '--network', 'none', ...labels, image, 'sleep', 'infinity']);
  onTestFinished(async () => {
    await execa('docker', ['rm', '-f', id]);
  });
  expect(await removeOfDead(testHost.engine, runId)).toEqual([]);
  const { stdout } = await execa('docker', ['inspect', '--format', '{{.State.Running}}', id]);
  expect(stdout).toBe('true');
});

test('a shell of a job that lies about its PID, and prints much without a line break, only prints', async () => {
  const sizeMiB = 50;
  const lie = `#!/usr/bin/perl\\nexec "/bin/dash", @ARGV if "@ARGV" =~ /exec cat/;\\nprint "0" x (1 << 20) for 1 .. ${sizeMiB};\\n`;
  const image = await build([`RUN printf '${lie}' >/usr/local/bin/sh && chmod 755 /usr/local/bin/sh`]);
  const limits = { memoryMiB: 256, pids: 100, capabilities: [] };
  const spec = { node: 'node0', image, mounts: [], environment: {}, limits };
  await using job = await startJobContainer(testHost.engine, testbed, spec);
  let bytes = 0;
  const write = (_output: string, data: Buffer | string): Promise<void> => {
    bytes += data.length;
    return Promise.resolve();
  };
  const signal = AbortSignal.timeout(60_000);
  expect(await runIn(job, { command: ['true'] }, { args: [], input: undefined, write, signal })).toBe(0);
  expect(bytes).toBe(sizeMiB * 1024 ** 2);
});
