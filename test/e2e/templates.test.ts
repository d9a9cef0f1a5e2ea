// SPDX-License-Identifier: GPL-3.0-or-later
// The components, as gitlab-ci-local expands them; it also checks them against GitLab's schema of pipelines.
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { Checkout, repository } from '../support/pipeline.ts';

type Inputs = Readonly<Record<string, unknown>>;

const other: Inputs = {
  'job-prefix': 'second',
  'runner-tags': ['kvm', 'big'],
  rules: [{ if: '$CI_PIPELINE_SOURCE == "merge_request_event"' }, { if: '$CI_COMMIT_TAG', when: 'manual' }],
  registry: '$CI_REGISTRY/tools/alpy',
  'image-tag': '1.2.3',
};
const runner: Inputs = { ...other, 'image-runner': 'registry.example/own/runner:2' };
const appliance: Inputs = { appliance: 'out/disk.qcow2', 'build-command': 'make disk', boot: false, 'artifact-limit-mib': 0 };
const testing: Inputs = {
  'image-qemu': 'registry.example/qemu:9',
  'image-node': 'registry.example/node:9',
  'image-traffic': 'registry.example/traffic:9',
  accel: 'kvm',
  'run-options': '--retries 1 smoke',
  shards: 3,
  'allow-failure': 'environment',
  publish: true,
  retry: 2,
  'expire-in': '3 days',
};

let checkout: Checkout;

beforeAll(async () => {
  checkout = await Checkout.create('https://gitlab.example.com/grp/alpy.git', { README: 'alpy' });
  await cp(join(repository, 'templates'), join(checkout.directory, 'templates'), { recursive: true });
  await checkout.git('add', '--all');
});

afterAll(() => checkout[Symbol.asyncDispose]());

async function expand(includes: readonly object[], beside: object = {}): Promise<string> {
  await checkout.write('.gitlab-ci.yml', stringify({ stages: ['build', 'test', 'later'], include: includes, ...beside }));
  const { status, output, stdout } = await checkout.pipeline(['--preview']);
  expect(status, output).toBe(0);
  expect(stdout).not.toContain('$[[');
  return stdout;
}

const component = (name: string, inputs: Inputs): object => ({
  component: `$CI_SERVER_FQDN/$CI_PROJECT_PATH/${name}@$CI_COMMIT_SHA`,
  inputs,
});

test.each<[string, string, Inputs]>([
  ['images', 'default', {}],
  ['images', 'all inputs', { ...other, stage: 'later', 'bootstrap-image': 'registry.example/node:24' }],
  ['appliance', 'default', {}],
  ['appliance', 'all inputs', { ...runner, ...appliance, stage: 'later', 'expire-in': '2 hours' }],
  ['test', 'default', {}],
  ['test', 'all inputs', { ...runner, ...testing, stage: 'later', appliance: 'out/disk.qcow2' }],
  ['pipeline', 'default', {}],
  [
    'pipeline',
    'all inputs',
    {
      ...runner,
      ...appliance,
      ...testing,
      'stage-images': 'build',
      'stage-appliance': 'test',
      'stage-test': 'later',
      'build-images': true,
      'bootstrap-image': 'registry.example/node:24',
    },
  ],
])('%s, %s', async (name, title, inputs) => {
  const text = await expand([component(name, inputs)]);
  await expect(text).toMatchFileSnapshot(`../golden/${name}-${title.replace(' ', '-')}.yml`);
});

test.each(['images', 'appliance', 'test', 'pipeline'])('%s is the same as a local include', async (name) => {
  const [byComponent, byLocal] = [
    await expand([component(name, other)]),
    await expand([{ local: `templates/${name}.yml`, inputs: other }]),
  ];
  expect(byLocal).toBe(byComponent);
});

test('a component inherits nothing from the defaults of the project that includes it', async () => {
  const defaults = {
    default: {
      before_script: ['pip install x'],
      after_script: ['echo done'],
      services: ['postgres:16'],
      cache: { key: 'theirs', paths: ['theirs/'] },
      artifacts: { paths: ['theirs/'] },
      interruptible: true,
      timeout: '3 minutes',
      retry: 2,
      hooks: { pre_get_sources_script: ['echo hook'] },
      id_tokens: { TOKEN: { aud: 'https://theirs.example' } },
    },
  };
  const [alone, beside] = [await expand([component('pipeline', {})]), await expand([component('pipeline', {})], defaults)];
  const jobs = (text: string): Record<string, unknown> =>
    Object.fromEntries(Object.entries(parse(text) as object).filter(([name]) => name.startsWith('alpy-')));
  expect(Object.keys(jobs(alone))).toEqual(['alpy-images', 'alpy-appliance', 'alpy-test', 'alpy-publish']);
  expect(jobs(beside)).toEqual(jobs(alone));
});

test('one pipeline can use a component twice', async () => {
  await expand([component('test', {}), { local: 'templates/test.yml', inputs: other }]);
  const { status, output } = await checkout.pipeline(['--list']);
  expect(status, output).toBe(0);
  expect(output.match(/^\S+-test/gm)).toEqual(['alpy-test']); // the other job runs only in merge requests and on tags
  const inRequest = await checkout.pipeline(['--list'], { CI_PIPELINE_SOURCE: 'merge_request_event' });
  expect(inRequest.output.match(/^\S+-test/gm)).toEqual(['alpy-test', 'second-test']);
});
