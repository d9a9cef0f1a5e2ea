// SPDX-License-Identifier: GPL-3.0-or-later
// The pipelines of this project, of a fork and of a project that includes the components; one after the other.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Checkout, Registry, repository } from '../support/pipeline.ts';

const helperImage = 'alpy-test/gitlab-ci-local-helper';
/** Jobs in containers, which have the daemon's socket. */
const inContainers = [
  '--concurrency=1', // guests without KVM need a core each
  '--shell-isolation',
  '--no-artifacts-to-source',
  `--helper-image=${helperImage}`,
  '--pull-policy=if-not-present',
  '--volume=/var/run/docker.sock:/var/run/docker.sock',
];
const onHost = ['--force-shell-executor', '--shell-isolation', '--no-artifacts-to-source'];
const origin = 'https://gitlab.example.com/grp/alpy.git';

let registry: Registry;
let alpy: Checkout;

beforeAll(async () => {
  registry = await Registry.start();
  alpy = await Checkout.ofThisRepository(origin);
  const base = (await readFile(join(repository, '.cache/base-image'), 'utf8')).trim();
  const proxies = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => ['--build-arg', name]);
  const dockerfile = `FROM ${base}\nRUN apt-get update && apt-get install -y --no-install-recommends rsync\n`;
  await execa('docker', ['build', '--network=host', ...proxies, '--tag', helperImage, '-'], { input: dockerfile });
});

afterAll(async () => {
  await forgetImages();
  await alpy[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
});

/** Removes the names of the registry's images in the daemon, so that it must pull them. */
async function forgetImages(): Promise<void> {
  const { stdout } = await execa('docker', ['images', '--format', '{{.Repository}}:{{.Tag}}']);
  const names = stdout.split('\n').filter((name) => name.startsWith(`${registry.address}/`) && !name.endsWith(':<none>'));
  if (names.length > 0) await execa('docker', ['rmi', '--no-prune', ...names]);
}

/** Project variables as GitLab sets them. */
function registryVariables(path: string): Readonly<Record<string, string>> {
  return { CI_REGISTRY: registry.address, CI_REGISTRY_IMAGE: `${registry.address}/${path}` };
}

describe("alpy's own pipeline", () => {
  test('builds the images and pushes them, tagged by commit or, for a Git tag, by version', { timeout: 900_000 }, async () => {
    const { status, output } = await alpy.pipeline(['alpy-images', ...onHost], {
      ...registryVariables('grp/alpy'),
      CI_COMMIT_TAG: '0.1.0',
    });
    expect(status, output).toBe(0);
    const sha = await alpy.git('rev-parse', 'HEAD');
    for (const name of ['qemu', 'node', 'guest', 'traffic', 'runner'])
      expect(await registry.tags(`grp/alpy/${name}`)).toEqual(
        expect.arrayContaining([sha, '0.1.0', expect.stringMatching(/^hash-[0-9a-f]{16}$/)]),
      );
    expect(output).toContain('variable ALPY_REGISTRY'); // who set the locations
  });

  test('builds nothing if nothing has changed', { timeout: 300_000 }, async () => {
    await forgetImages();
    const variables = { ...registryVariables('grp/alpy'), ALPY_IMAGE_TAG: 'again' };
    const { status, output } = await alpy.pipeline(['alpy-images', ...onHost], variables);
    expect(status, output).toBe(0);
    expect(output.match(/> \w+ (?:built|reused|present|pulled) /g)?.map((match) => match.slice(2).trim())).toEqual([
      'qemu reused',
      'node reused',
      'guest reused',
      'traffic reused',
      'runner reused',
    ]);
  });

  test('builds Rabbit and tests it in two jobs, in containers', { timeout: 900_000 }, async () => {
    await forgetImages();
    const { status, output } = await alpy.pipeline(['rabbit-appliance', ...inContainers], registryVariables('grp/alpy'));
    expect(status, output).toBe(0);
    expect(output).toContain('rabbit booted, and its login works');
    const tests = await alpy.pipeline(['rabbit-test', ...inContainers], {
      ...registryVariables('grp/alpy'),
      CI_JOB_URL: 'https://gitlab.example.com/grp/alpy/-/jobs/1',
    });
    expect(tests.status, tests.output).toBe(0);
    const shards = (await readdir(alpy.artifact('', ''))).filter((name) => name.startsWith('rabbit-test'));
    expect(shards).toHaveLength(2);
    const found = await Promise.all(shards.map((shard) => readdir(alpy.artifact(shard, 'alpy-out'), { recursive: true })));
    for (const [index, files] of found.map((names) => names.sort()).entries()) {
      const shard = `shard-${index + 1}`;
      expect(files).toEqual(
        expect.arrayContaining(['junit.xml', 'annotations.json', 'metrics.txt', 'run.json'].map((name) => `${shard}/${name}`)),
      );
      expect(files.filter((name) => name.endsWith('.pcap')).length).toBeGreaterThan(0);
      expect(await alpy.readArtifact(shards[index] ?? '', `alpy-out/${shard}/annotations.json`)).toMatch(
        /\/-\/jobs\/1\/artifacts\/file\/alpy-out\/shard-\d\/tests\/[^/]+\/link0\.pcap"/,
      );
    }
  });
});

describe('a project that includes the components', () => {
  let shelf: string;
  let consumer: Checkout;

  beforeAll(async () => {
    shelf = await mkdtemp(join(tmpdir(), 'alpy-shelf-'));
    const bare = join(shelf, 'grp/alpy.git');
    await alpy.git('tag', '0.1.0');
    await alpy.git('clone', '--quiet', '--bare', '.', bare);
    for (const option of ['allowFilter', 'allowAnySHA1InWant'])
      await execa('git', ['-C', bare, 'config', `uploadpack.${option}`, 'true']);
    const servers = ['https://gitlab.example.com/grp/', 'https://gitlab.example.com:443/grp/'];
    const rewrites = servers.map((server) => `insteadOf = ${server}`).join('\n');
    await writeFile(join(shelf, 'gitconfig'), `[url "file://${shelf}/grp/"]\n${rewrites}\n`);
    const example = join(repository, 'examples/consumer');
    const paths = ['.gitlab-ci.yml', 'alpy.yaml', 'tests/ping.test.ts'];
    const files = await Promise.all(paths.map(async (path) => [path, await readFile(join(example, path), 'utf8')] as const));
    consumer = await Checkout.create('https://gitlab.example.com/other/consumer.git', Object.fromEntries(files), {
      GIT_CONFIG_GLOBAL: join(shelf, 'gitconfig'),
    });
    return async () => {
      await consumer[Symbol.asyncDispose]();
      await rm(shelf, { recursive: true, force: true });
    };
  });

  test('at a tag, like the example', { timeout: 600_000 }, async () => {
    await forgetImages();
    const variables = { ...registryVariables('other/consumer'), ALPY_PROJECT: 'grp/alpy' };
    const { status, output } = await consumer.pipeline(inContainers, variables);
    expect(status, output).toBe(0);
    expect(output).toContain(`${registry.address}/grp/alpy/qemu:0.1.0`);
    expect(output).toContain('1 passed, 0 failed');
    // gitlab-ci-local names a job with `parallel` differently, even with one shard
    const [testJob = ''] = (await readdir(consumer.artifact('', ''))).filter((name) => name.startsWith('alpy-test'));
    expect(await consumer.readArtifact(testJob, 'alpy-out/junit.xml')).toContain('answers pings');
  });

  test('a fork sets the location of its images by one variable', { timeout: 900_000 }, async () => {
    const elsewhere = { ...registryVariables('fork/alpy'), ALPY_REGISTRY: `${registry.address}/mirror/deep/alpy` };
    const images = await alpy.pipeline(['alpy-images', ...onHost], { ...elsewhere, CI_COMMIT_TAG: '0.1.0' });
    expect(images.status, images.output).toBe(0);
    expect(await registry.tags('fork/alpy/qemu')).toEqual([]);
    expect(await registry.tags('mirror/deep/alpy/qemu')).toContain('0.1.0');
    await forgetImages();
    const { status, output } = await consumer.pipeline(inContainers, { ...elsewhere, ALPY_PROJECT: 'grp/alpy' });
    expect(status, output).toBe(0);
    expect(output).toContain(`${registry.address}/mirror/deep/alpy/qemu:0.1.0`);
    expect(output).not.toContain(`${registry.address}/grp/alpy/`);
  });
});

describe('wrong inputs', () => {
  test.each([
    ['test', 'accel: fast', 'accel'],
    ['test', 'shards: many', 'shards'],
    ['test', 'allow-failure: everything', 'allow-failure'],
    ['test', 'runner-tags: docker', 'runner-tags'],
    ['test', 'retry: 5', 'retry'],
    ['appliance', 'boot: "yes"', 'boot'],
  ])('%s refuses %s', async (component, input, name) => {
    const files = {
      '.gitlab-ci.yml': `include:\n  - local: templates/${component}.yml\n    inputs: { ${input} }\n`,
      [`templates/${component}.yml`]: await readFile(join(repository, `templates/${component}.yml`), 'utf8'),
    };
    await using checkout = await Checkout.create(origin, files);
    const { status, output } = await checkout.pipeline(['--list']);
    expect([status, output]).toEqual([1, expect.stringContaining(name)]);
  });
});
