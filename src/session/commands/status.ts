// SPDX-License-Identifier: GPL-3.0-or-later
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
    const { dut, nodes, links } = testbed;
    const facts = {
      dut: dut.name,
      isRunning: await dut.isRunning(),
      timeFactor: dut.timeFactor,
      nodes: nodes.map(({ name }) => name),
      links: links.map(({ name, model, mac, node }) => ({ name, model, mac, node: node.name })),
      services: [...services.keys()],
      directory,
    };
    await call.write('out', `${JSON.stringify(facts, null, 2)}\n`);
    return 0;
  },
};
