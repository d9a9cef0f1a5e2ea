// SPDX-License-Identifier: GPL-3.0-or-later
import { access, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { CommandModule } from 'yargs';
import { EnvironmentError, messageOf, UsageError } from '../core/errors.ts';
import { alpyVersion } from '../version.ts';
import type { CliIo } from './io.ts';

const files: Readonly<Record<string, string>> = {
  'alpy.yaml': `# Your appliance and how to reach it. All keys: alpy schema. The values that apply: alpy config
appliance:
  name: my-appliance
  image: appliance.qcow2 # relative to this file
  memoryMiB: 512
  login:
    user: root
    # password: secret # or set the variable ALPY_APPLIANCE_LOGIN_PASSWORD
topology:
  links: 2
`,
  'tests/boot.test.ts': `import { expect, test } from 'alpy/test';

test('the appliance boots and knows its name', async ({ dut }) => {
  const { output } = await dut.shell.run('uname -a');
  expect(output).toContain('Linux');
});
`,
};

const pipelineFile = '.gitlab-ci.yml';
const pipeline = `# Builds the disk image, boots it and tests it. ALPY_PROJECT is a project variable: the path of alpy's project on this GitLab.
include:
  - component: $CI_SERVER_FQDN/$ALPY_PROJECT/pipeline@${alpyVersion}
    inputs:
      registry: $CI_REGISTRY/$ALPY_PROJECT
      runner-tags: [docker] # tags of a runner whose jobs can use a Docker daemon
      build-command: make appliance.qcow2 # yours
      appliance: appliance.qcow2
`;

/** `alpy init` */
export const initCommand = (io: CliIo): CommandModule => ({
  command: 'init',
  describe: 'Write a configuration, a first test and a pipeline to this directory',
  handler: async () => {
    const paths = Object.keys(files).map((name) => join(io.directory, name));
    for (const path of paths) {
      if (await exists(path))
        throw new UsageError(`${relative(io.directory, path)} already exists. Remove it first: alpy init overwrites nothing`);
    }
    const hasPipeline = await exists(join(io.directory, pipelineFile));
    for (const [name, content] of Object.entries(hasPipeline ? files : { ...files, [pipelineFile]: pipeline })) {
      const path = join(io.directory, name);
      try {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, content, { flag: 'wx' });
      } catch (cause) {
        throw new EnvironmentError(`cannot write ${path}: ${messageOf(cause)}`, { cause });
      }
      io.stdout(`wrote ${name}`);
    }
    if (hasPipeline) io.stdout(`${pipelineFile} already exists. To run the tests in it, add:\n\n${pipeline}`);
    io.stdout('next: copy your disk image to the path in alpy.yaml, then: npx alpy doctor, npx alpy run');
  },
});

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
