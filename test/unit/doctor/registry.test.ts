// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { checkRegistry, checkRegistryVariable } from '../../../src/doctor/registry.ts';

const why = "GitLab cannot build the job's image name from it";

test.each([
  ['reg.example/a/', 'set the variable to "reg.example/a"'],
  [' reg.example/a', 'set the variable to "reg.example/a"'],
  ['/', 'set the variable to "", or delete it'],
  ['reg.example/a b', 'remove the blanks'],
])('ALPY_REGISTRY as GitLab cannot use it is a warning that says what to do: %j', (value, remedy) => {
  const text = `expected no blanks and no slash at the end, got ${JSON.stringify(value)}: ${why}`;
  expect(checkRegistryVariable({ ALPY_REGISTRY: value })).toEqual([{ name: 'ALPY_REGISTRY', result: 'warning', text, remedy }]);
});

test.each([{}, { ALPY_REGISTRY: '' }, { ALPY_REGISTRY: 'reg.example:5000/a' }])('nothing is said about %j', (env) => {
  expect(checkRegistryVariable(env)).toEqual([]);
});

const home = { HOME: '/nowhere' };

test('a registry with a login is ok; one without is a warning that names DOCKER_AUTH_CONFIG', async () => {
  const auths = { 'reg.example': { auth: Buffer.from('me:secret').toString('base64') } };
  const name = 'registry reg.example';
  expect(await checkRegistry('reg.example', { ...home, DOCKER_AUTH_CONFIG: JSON.stringify({ auths }) })).toMatchObject({
    name,
    result: 'ok',
  });
  expect(await checkRegistry('reg.example', home)).toMatchObject({
    name,
    result: 'warning',
    text: 'no login: fine if its images are public or already on the daemon',
    remedy: "set DOCKER_AUTH_CONFIG to the contents of Docker's config.json after docker login",
  });
});

test('a variable with something else than logins is a failure that names it', async () => {
  expect(await checkRegistry('reg.example', { ...home, DOCKER_AUTH_CONFIG: '{' })).toMatchObject({
    result: 'failure',
    text: 'the variable DOCKER_AUTH_CONFIG: expected JSON as Docker writes it into config.json, got text that is not JSON',
  });
});
