// SPDX-License-Identifier: GPL-3.0-or-later
import { rabbitImage } from '../support/testbeds.ts';

/** What a case changes in its project. */
export interface ProjectChanges {
  /** what the guest does by itself once a test has begun: a shell command that runs in its background */
  readonly inGuest?: string | undefined;
  /** how long a test waits for each thing that it does, in `ms`; default: 60 s, enough for a machine that is very busy */
  readonly waitMs?: number | undefined;
  /** in which test, from 1; default: the first */
  readonly inTest?: number | 'all' | undefined;
}

/** The configuration of all projects of the campaign. */
export const configuration = `appliance:
  name: rabbit
  image: ${rabbitImage}
  memoryMiB: 128
  bootTimeoutMs: 90000
  login: { user: root, password: rabbit, loginPrompt: 'rabbit login: ', shellPrompt: '/rabbit:.*# $/' }
topology: { links: 1 }
workers: 2
tests: { timeoutMs: 60000 }
`;

/**
 * A project whose three tests use console, node, app and capture. The first two share a worker. With `-w`, `ping` fails if it does not
 * get all its replies in time; without, one reply would be enough.
 */
export function projectFiles({ inGuest, waitMs = 60_000, inTest = 1 }: ProjectChanges): Readonly<Record<string, string>> {
  const wait = `timeoutMs: ${waitMs}`;
  const acts = (test: number): boolean => inGuest !== undefined && (inTest === 'all' || inTest === test);
  const body = (test: number): string => `async ({ dut, nodes: [node], links: [link], apps, step }) => {
  await step('Use the testbed', async () => {
    await dut.shell.run('ip address add 10.0.0.2/24 dev eth0 && ip link set eth0 up', { ${wait} });
    await node.configure({ address: '10.0.0.1/24' });
    await apps.start({ node, command: ['ping', '-i', '0.2', '10.0.0.2'] });
    ${acts(test) ? background(inGuest!) : ''}
    await expect(node).toReach('10.0.0.2', { ${wait} });
    expect(await link.capture.frames('icmp.type == 0')).not.toHaveLength(0);
    await node.run('ping -q -c ${acts(test) ? 20 : 5} -i 0.2 -w 10 10.0.0.2', { ${wait} });
    expect(await dut.shell.run('uname', { ${wait} })).toMatchObject({ output: 'Linux' });
  });
}`;
  const head = "import { expect, test } from 'alpy/test';\n";
  return {
    'alpy.yaml': configuration,
    'tests/a.test.ts': `${head}test('first', ${body(1)});\ntest('second', ${body(2)});\n`,
    'tests/b.test.ts': `${head}test('third', ${body(3)});\n`,
  };
}

/** A line of a test that starts a command in the background of the guest. */
function background(command: string): string {
  return `await dut.console.sendLine(${JSON.stringify(`(${command}) >/dev/null 2>&1 &`)});`;
}
