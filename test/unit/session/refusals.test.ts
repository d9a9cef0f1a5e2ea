// SPDX-License-Identifier: GPL-3.0-or-later
// What commands of `alpy up` and of jobs say about wrong arguments.
import { expect, test } from 'vitest';
import { parseCommandLine, sessionCommands } from '../../../src/session/commands/index.ts';
import type { Session } from '../../../src/session/session.ts';

const duts = [
  { name: 'left', timeFactor: 1, console: {} },
  { name: 'right', timeFactor: 1, console: {} },
];
const nodes = [{ name: 'client', interfaces: [{ name: 'eth0' }] }];
const links = [{ name: 'left:1--right:1', faults: [] }];
const session = { testbed: { duts, nodes, links }, services: new Map() } as unknown as Session;

async function run(line: readonly string[]): Promise<unknown> {
  const [name, ...args] = line;
  const command = sessionCommands.find((one) => one.name === name);
  if (!command) throw new Error(`expected a command, got ${String(name)}`);
  const call = { args: line, write: () => Promise.resolve(), signal: new AbortController().signal };
  return command.run(session, parseCommandLine(command, args), call);
}

test.each([
  [['capture'], 'expected a link and at most one filter, in quotes: alpy capture link0 "icmp.type == 8"'],
  [['capture', 'left:1--right:1', 'icmp.type', '==', '8'], 'expected a link and at most one filter, in quotes'],
  [['capture', '--follow', '--wait'], 'expected --follow or --wait, got both'],
  [['capture', 'left:1--right:1', '--timeout', 'soon'], '--timeout: expected a number of seconds, got "soon"'],
  [['capture', 'left:1--right:1', '--tail'], 'unknown option --tail. Expected one of '],
  [['console', 'left', 'type'], 'expected run, send, expect or tail, got type'],
  [['console', 'left'], 'expected run, send, expect or tail, got nothing'],
  [['console', 'left', 'run'], 'expected a command: alpy console run COMMAND…'],
  [['console', 'left', 'expect', '/(/'], 'expected a text or a regular expression, got /(/: '],
  [['console', 'left', 'send'], 'expected TEXT, got none'],
  [
    ['dut', 'left', 'explode'],
    'expected one of pause, resume, reset, crash, power-cut, power-on, login, reboot, power-down, got "explode"',
  ],
  [['dut', 'pause'], 'expected the name of a device, got none; there are: left, right'],
  [['exec', 'client'], 'expected a node or service and a command: alpy exec NODE -- COMMAND…'],
  [['exec', 'left', 'true'], 'there is no node or service "left"; there are: client'],
  [['configure', 'client', '--mtu', 'big'], '--mtu: expected a whole number of bytes, got "big"'],
  [['configure', 'client', '--interface', 'eth1'], 'there is no interface "eth1"; there are: eth0. Did you mean eth0?'],
  [['link', 'left:1--right:1', 'cut'], 'expected one of up, down, impair, clear, got "cut"'],
  [['link', 'left:1--right:1'], 'expected LINK up|down|impair|clear, got left:1--right:1'],
  [
    ['link', 'left:1-right:1', 'down'],
    'there is no link "left:1-right:1"; there are: left:1--right:1. Did you mean left:1--right:1?',
  ],
  [['link', 'left:1--right:1', 'down', '--duration-ms', '5'], '--duration-ms belongs to alpy link left:1--right:1 impair'],
  [['link', 'left:1--right:1', 'impair', '--delay-ms', 'x'], '--delay-ms: expected a number, got "x"'],
  [
    ['link', 'left:1--right:1', 'clear'],
    'expected an impairment of left:1--right:1, got none. One with --duration-ms may have ended by itself. Begin one with alpy link left:1--right:1 impair',
  ],
])('alpy %j: %s', async (line, message) => {
  await expect(run(line)).rejects.toThrow(message);
  await expect(run(line)).rejects.toMatchObject({ code: 'ALPY_USAGE' });
});
