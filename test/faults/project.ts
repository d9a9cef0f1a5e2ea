// SPDX-License-Identifier: GPL-3.0-or-later
import { rabbitImage } from '../support/testbeds.ts';

const wait = 'timeoutMs: 8000';

/** What a case changes in its project. */
export interface ProjectChanges {
  /** what the guest does by itself once a test has begun: a shell command that runs in its background */
  readonly inGuest?: string | undefined;
}

/** The configuration of all projects of the campaign. */
export const configuration = `appliance:
  name: rabbit
  image: ${rabbitImage}
  memoryMiB: 128
  bootTimeoutMs: 20000
  login: { user: root, password: rabbit, loginPrompt: 'rabbit login: ', shellPrompt: '/rabbit:.*# $/' }
topology: { links: 1 }
workers: 2
tests: { timeoutMs: 10000 }
`;

/** A project whose three tests use console, node, app and capture. The first two share a worker. */
export function projectFiles({ inGuest }: ProjectChanges): Readonly<Record<string, string>> {
  const begin = inGuest === undefined ? '' : `await dut.console.sendLine(${JSON.stringify(`(${inGuest}) >/dev/null 2>&1 &`)});`;
  const body = `async ({ dut, nodes: [node], links: [link], apps, step }) => {
  await step('Use the testbed', async () => {
    await dut.shell.run('ip address add 10.0.0.2/24 dev eth0 && ip link set eth0 up', { ${wait} });
    await node.configure({ address: '10.0.0.1/24' });
    await apps.start({ node, command: ['ping', '-i', '0.2', '10.0.0.2'] });
    ${begin}
    await expect(node).toReach('10.0.0.2', { ${wait} });
    expect(await link.capture.frames('icmp.type == 0')).not.toHaveLength(0);
    await node.run('ping -q -c 5 -i 0.2 10.0.0.2', { ${wait} });
    expect(await dut.shell.run('uname', { ${wait} })).toMatchObject({ output: 'Linux' });
  });
}`;
  const head = "import { expect, test } from 'alpy/test';\n";
  return {
    'alpy.yaml': configuration,
    'tests/a.test.ts': `${head}const body = ${body};\ntest('first', body);\ntest('second', body);\n`,
    'tests/b.test.ts': `${head}test('third', ${body});\n`,
  };
}
