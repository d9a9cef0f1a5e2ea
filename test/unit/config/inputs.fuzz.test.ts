// SPDX-License-Identifier: GPL-3.0-or-later
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { checkOverrides } from '../../../src/config/overrides.ts';
import { isPattern, patternOf } from '../../../src/config/pattern.ts';
import { parseYaml } from '../../../src/config/read.ts';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { parseDockerConfig } from '../../../src/images/docker-config.ts';
import { registryLogin } from '../../../src/images/auth.ts';
import { engineEvents } from '../../../src/images/engine-events.ts';
import { registryOf, splitReference } from '../../../src/images/reference.ts';
import { jobContext, tokenOf } from '../../../src/gitlab/context.ts';
import { resolveTopology } from '../../../src/topology/index.ts';
import { allowingErrors, anyText, brokenBytes, brokenJson, fuzz, inPieces } from '../../support/fuzz.ts';

const valid = {
  appliance: {
    image: 'disk.qcow2',
    memoryMiB: 512,
    login: { user: 'root', password: 'x', shellPrompt: '/[#$] $/' },
    qemuArgs: ['-cdrom', 'a'],
    provision: ['true'],
  },
  topology: { links: 2 },
  boot: 'cold',
  images: { tag: 'latest' },
  tests: { include: ['*.test.ts'] },
};
const variable = fc.constantFrom(
  'ALPY_APPLIANCE_MEMORY_MIB',
  'ALPY_TOPOLOGY_LINKS',
  'ALPY_IMAGE_TAG',
  'ALPY_IMAGE___PROTO__',
  'ALPY_BOOT',
  'ALPY_OUT',
);
const variables = fc.dictionary(fc.oneof(variable, anyText), anyText, { maxKeys: 4 });

fuzz(
  'any configuration is resolved or refused, and its topology is then valid',
  [brokenJson(valid), variables],
  async (raw, given) => {
    const loaded = await allowingErrors(() => resolveConfig({ file: '/p/alpy.yaml', raw, variables: given, directory: '/p' }));
    if (!loaded) return;
    const { nodes } = resolveTopology(loaded.config.topology, loaded.config.devices);
    expect(new Set(nodes.map(({ name }) => name)).size).toBe(nodes.length);
    for (const path of [loaded.config.devices[0].appliance.image, loaded.config.out]) expect(path).toMatch(/^\/[^\0]*$/);
  },
  { runs: 60, examples: [[{ ...valid, out: 'a\0b' }, {}]] },
);

fuzz(
  'any override of a test is accepted or refused',
  [brokenJson({ appliance: { memoryMiB: 64 }, topology: { links: 1 }, boot: 'cold' })],
  async (value) => {
    const { appliance, topology, boot } = Object(value) as Record<string, unknown>;
    await allowingErrors(() => {
      checkOverrides({ appliance, topology, boot }, ['appliance']);
    });
  },
);

fuzz('any YAML is parsed or refused', [brokenBytes(stringify(valid), 'a: &a [*a]\n', '<<: *x\n? {}\n: 1\n')], async (bytes) => {
  await allowingErrors(() => parseYaml('/p/alpy.yaml', bytes.toString()));
});

fuzz('a configuration that is written as YAML is read as it was', [brokenJson(valid)], (value) => {
  expect(parseYaml('/p/alpy.yaml', stringify(value))).toEqual(value);
});

fuzz('a prompt is text or a valid regular expression', [anyText], (text) => {
  if (isPattern(text)) expect(['string', 'object']).toContain(typeof patternOf(text));
});

const docker = {
  auths: { 'reg.example': { auth: 'dTpw' }, 'https://index.docker.io/v1/': { username: 'u', password: 'p' } },
  credHelpers: { 'other.example': '' },
  credsStore: '',
};

fuzz(
  "Docker's configuration is read or refused, and no message contains a password",
  [brokenJson(docker), anyText],
  async (value, reference) => {
    const content = JSON.stringify(value);
    await allowingErrors(() => parseDockerConfig(content, 'config.json'));
    const withoutHelpers = content.includes('cred') ? '{}' : content; // a helper is a program
    const env = { DOCKER_AUTH_CONFIG: withoutHelpers, DOCKER_CONFIG: '/nonexistent', CI_REGISTRY: 'x' };
    await allowingErrors(() => registryLogin(reference, env));
  },
);

fuzz('text that is no configuration of Docker is refused', [brokenBytes(JSON.stringify(docker))], async (bytes) => {
  await allowingErrors(() => parseDockerConfig(bytes.toString(), 'config.json'));
});

fuzz('the location of an image is split without loss', [anyText], (reference) => {
  const { repository, tag } = splitReference(reference);
  expect([typeof repository, typeof tag, typeof registryOf(reference)]).toEqual(['string', 'string', 'string']);
});

const event = [{ status: 'Pulling', id: 'a' }, { stream: 'x' }, { error: 'no' }, { aux: { ID: 'sha256:1' } }];
const progress = event.map((one) => `${JSON.stringify(one)}\r\n`).join('');

fuzz(
  "the daemon's progress is read the same in whatever pieces it arrives",
  [inPieces(brokenBytes(progress))],
  async ({ whole, pieces }) => {
    const read = (parts: readonly Buffer[]): Promise<unknown> =>
      Array.fromAsync(engineEvents(Readable.from(parts.filter((part) => part.length > 0))));
    expect(await read(pieces)).toEqual(await read([whole]));
  },
);

fuzz(
  'any environment of a job is read',
  [fc.dictionary(fc.constantFrom('CI_API_V4_URL', 'CI_PROJECT_ID', 'CI_JOB_ID', 'CI_JOB_NAME', 'CI_JOB_TOKEN'), anyText)],
  (env) => {
    const context = jobContext(env);
    if (context) expect([typeof context.apiUrl, typeof context.jobName]).toEqual(['string', 'string']);
    expect(['undefined', 'object']).toContain(typeof tokenOf(env));
  },
);
