// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../../core/errors.ts';
import { containerNamed, find, nodeNamed } from '../session.ts';
import { runIn } from '../run-in.ts';
import { runOnGuest } from '../run-on-guest.ts';
import { exactly, type SessionCommand } from './command.ts';

export const execCommand: SessionCommand = {
  name: 'exec',
  usage: 'NODE|SERVICE [-i] -- COMMAND…',
  describe: 'Run a program on a node, or in the container of a service',
  help: ['-i, --stdin  hand the standard input to the program; a terminal, if it is one. Goes before the program'],
  options: { stdin: { type: 'boolean', short: 'i' } },
  startsCommand: (words) => words.length === 1,
  run: async (session, { positionals, rest }, call) => {
    const [name, ...command] = [...positionals, ...rest];
    if (name === undefined || command.length === 0)
      throw new UsageError('expected a node or service and a command: alpy exec NODE -- COMMAND…');
    const guest = session.testbed.nodes.find((node) => node.name === name)?.guest;
    if (guest && !session.services.has(name)) return runOnGuest(guest, command, call.terminal ? undefined : call.input, call);
    return runIn(containerNamed(session, name), { command, input: call.input, terminal: call.terminal }, call);
  },
};

export const configureCommand: SessionCommand = {
  name: 'configure',
  usage: 'NODE [--interface NAME] [--address A/N]… [--gateway G]… [--mtu BYTES]',
  describe: "Set the addresses, routes and MTU of a node's interface, in place of the previous ones",
  help: ['--interface  which one, such as eth1; not needed if the node has only one'],
  options: {
    interface: { type: 'string' },
    address: { type: 'string', multiple: true },
    gateway: { type: 'string', multiple: true },
    mtu: { type: 'string' },
  },
  run: async (session, words) => {
    const [name] = exactly(words, ['NODE']);
    const {
      address,
      gateway,
      mtu,
      interface: device,
    } = words.values as {
      readonly interface?: string;
      readonly address?: readonly string[];
      readonly gateway?: readonly string[];
      readonly mtu?: string;
    };
    if (mtu !== undefined && !/^\d+$/.test(mtu))
      throw new UsageError(`--mtu: expected a whole number of bytes, got ${JSON.stringify(mtu)}`);
    const node = nodeNamed(session, name);
    const target = device === undefined ? node : find('interface', node.interfaces, device);
    await target.configure({ address, gateway, ...(mtu === undefined ? {} : { mtu: Number(mtu) }) });
    return 0;
  },
};
