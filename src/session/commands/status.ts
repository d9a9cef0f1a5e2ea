// SPDX-License-Identifier: GPL-3.0-or-later
import type { Link, LinkEnd } from '../../testbed/index.ts';
import { checkServices } from '../services.ts';
import { exactly, type SessionCommand } from './command.ts';

export const statusCommand: SessionCommand = {
  name: 'status',
  usage: '',
  describe: 'Check the testbed and print its state as JSON',
  run: async ({ testbed, services, directory }, words, call) => {
    exactly(words, []);
    checkServices(services);
    testbed.check();
    const { duts, dut, nodes, links } = testbed;
    const states = await Promise.all(duts.map(async (one) => ({ name: one.name, isRunning: await one.isRunning() })));
    const facts = {
      // the first device; `duts` has all
      dut: dut.name,
      isRunning: states.find(({ name }) => name === dut.name)?.isRunning,
      timeFactor: dut.timeFactor,
      duts: states,
      nodes: nodes.map(({ name }) => name),
      links: links.map((link) => ({
        name: link.name,
        ...firstNic(link),
        ...onlyNode(link),
        ends: link.ends.map(endText),
      })),
      services: [...services.keys()],
      directory,
    };
    await call.write('out', `${JSON.stringify(facts, null, 2)}\n`);
    return 0;
  },
};

/** The first NIC on a link, if there is one. */
function firstNic({ ends }: Link): { readonly model?: string; readonly mac?: string } {
  const nic = ends.find((end) => end.kind === 'nic');
  return nic ? { model: nic.model, mac: nic.mac } : {};
}

/** The node on a link, if it is the only one. */
function onlyNode({ ends }: Link): { readonly node?: string } {
  const nodes = ends.filter((end) => end.kind === 'interface');
  return nodes.length === 1 && nodes[0] ? { node: nodes[0].node.name } : {};
}

/** `left:0` for a NIC, `client:eth0` for an interface of a node. */
function endText(end: LinkEnd): string {
  return end.kind === 'nic' ? end.name : `${end.node.name}:${end.interface.name}`;
}
