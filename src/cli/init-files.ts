// SPDX-License-Identifier: GPL-3.0-or-later
import { editorSchema, editorTsconfig } from '../config/index.ts';
import { alpyVersion } from '../version.ts';

/** What `alpy init` writes in any case, by path. */
export const projectFiles: Readonly<Record<string, string>> = {
  'alpy.yaml': `# yaml-language-server: $schema=${editorSchema}
# Your appliance and how to reach it. All keys: alpy schema. The values that apply: alpy config
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

/** A file that `alpy init` writes unless the project has one. */
export interface OptionalFile {
  readonly name: string;
  readonly content: string;
  /** what to do with a file that the project has */
  readonly advice: string;
  /** whether that file needs nothing */
  readonly suits: (present: string) => boolean;
}

const pipeline = `# Builds the disk image, boots it and tests it. ALPY_PROJECT is a project variable: the path of alpy's project on this GitLab.
include:
  - component: $CI_SERVER_FQDN/$ALPY_PROJECT/pipeline@${alpyVersion}
    inputs:
      registry: $CI_REGISTRY/$ALPY_PROJECT
      runner-tags: [docker] # tags of a runner whose jobs can use a Docker daemon
      build-command: make appliance.qcow2 # yours
      appliance: appliance.qcow2
`;

const tsconfig = `{
  "extends": "${editorTsconfig}",
  "compilerOptions": {
    "strict": true
  },
  "include": ["*.ts", "tests"]
}
`;

/** What `alpy init` writes unless the project has it. */
export const optionalFiles: readonly OptionalFile[] = [
  {
    name: 'tsconfig.json',
    content: tsconfig,
    advice: `To let it know alpy's types, add:\n\n  "extends": "${editorTsconfig}"\n`,
    suits: (present) => present.includes(editorTsconfig),
  },
  {
    name: '.gitlab-ci.yml',
    content: pipeline,
    advice: `To run the tests in it, add:\n\n${pipeline}`,
    suits: () => false,
  },
];
