// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { checkCiJob, type CiJobCheck } from '../../../src/doctor/ci-job.ts';

const env = {
  CI_API_V4_URL: 'https://gitlab.example/api/v4',
  CI_PROJECT_ID: '1',
  CI_JOB_ID: '7',
  CI_JOB_NAME: 'alpy-test',
  CI_PROJECT_DIR: '/builds/g/p',
  CI_REGISTRY: 'registry.example',
  CI_REGISTRY_USER: 'u',
  CI_REGISTRY_PASSWORD: 'p',
  ALPY_GITLAB_TOKEN: 'glpat-secret',
  HOME: '/nonexistent',
};
const qemu = { name: 'qemu', reference: 'registry.example/g/p/qemu:1', origin: 'variable ALPY_REGISTRY', buildable: true };

async function findingsWith(difference: Partial<CiJobCheck>): Promise<Readonly<Record<string, string>>> {
  const findings = await checkCiJob({
    env,
    directory: '/builds/g/p',
    out: '/builds/g/p/alpy-out',
    images: [qemu],
    hasDaemon: true,
    ...difference,
  });
  expect(JSON.stringify(findings)).not.toContain('glpat-secret');
  return Object.fromEntries(findings.map(({ name, result, text, remedy }) => [name, [result, text, remedy].join('|')]));
}

test('a job with everything set up: all findings are ok', async () => {
  expect(Object.values(await findingsWith({})).map((text) => text.split('|')[0])).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
});

test('without a daemon, the remedy depends on how the runner should provide one', async () => {
  const dind = await findingsWith({ hasDaemon: false, env: { ...env, DOCKER_HOST: 'tcp://docker:2375' } });
  expect(dind["runner's Docker"]).toMatch(/^failure\|nothing answers at DOCKER_HOST=tcp:\/\/docker:2375\|.*privileged = true/);
  const socket = await findingsWith({ hasDaemon: false });
  expect(socket["runner's Docker"]).toMatch(/^failure\|.*(volumes = \["\/var\/run\/docker\.sock|usermod -aG docker)/);
});

test('an output directory outside the project is a failure', async () => {
  expect((await findingsWith({ out: '/tmp/alpy-out' }))['artifacts']).toBe(
    'failure|/tmp/alpy-out is outside of /builds/g/p: GitLab takes no artifacts from there|alpy run --out "$CI_PROJECT_DIR/alpy-out"',
  );
});

test.each([' ', 'reg.example.com/g/', ' reg.example.com/g'])(
  'ALPY_REGISTRY=%j, which GitLab cannot use, is a warning',
  async (value) => {
    const { ALPY_REGISTRY: found } = await findingsWith({ env: { ...env, ALPY_REGISTRY: value } });
    expect(found).toMatch(
      /^warning\|expected no blanks and no slash at the end, got .*\|set the variable to "(reg\.example\.com\/g"|", or delete it)$/,
    );
  },
);

test('a missing token, login or job is a warning', async () => {
  const found = await findingsWith({ env: { HOME: '/nonexistent' }, directory: '/builds/g/p' });
  expect(found['token']).toMatch(/^warning\|no token: no notes on merge requests/);
  expect(found['registry registry.example']).toMatch(/^warning\|no login/);
  expect(found['job']).toMatch(/^warning\|.*this is not a GitLab job/);
});
