// SPDX-License-Identifier: GPL-3.0-or-later
import { access, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { CommandModule } from 'yargs';
import { EnvironmentError, messageOf, UsageError } from '../core/errors.ts';
import type { CliIo } from './io.ts';

const files: Readonly<Record<string, string>> = {
  'alpy.yaml': `# What alpy has to know of your appliance. All values: alpy schema; what counts in the end: alpy config
appliance:
  name: my-appliance
  image: appliance.qcow2 # relative to this file
  memoryMiB: 512
  login:
    user: root
    # password: secret, or the variable ALPY_APPLIANCE_LOGIN_PASSWORD
    shellPrompt: '/[#$] $/'
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

/** `alpy init` */
export const initCommand = (io: CliIo): CommandModule => ({
  command: 'init',
  describe: 'Write a configuration and a first test into this directory',
  handler: async () => {
    const paths = Object.keys(files).map((name) => join(io.directory, name));
    for (const path of paths) {
      const isThere = await access(path).then(
        () => true,
        () => false,
      );
      if (isThere) throw new UsageError(`${relative(io.directory, path)} exists already; alpy init overwrites nothing`);
    }
    for (const [name, content] of Object.entries(files)) {
      const path = join(io.directory, name);
      try {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, content, { flag: 'wx' });
      } catch (cause) {
        throw new EnvironmentError(`cannot write ${path}: ${messageOf(cause)}`, { cause });
      }
      io.stdout(`wrote ${name}`);
    }
    io.stdout('next: put your disk image where alpy.yaml says, then: npx alpy doctor, npx alpy run');
  },
});
