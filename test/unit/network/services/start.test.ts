// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import type { AppPlace, Node } from '../../../../src/network/index.ts';
import { startService } from '../../../../src/network/services/start.ts';

test('a port on which another program of the node listens is refused before anything starts', async () => {
  const sockets = 'tcp\n   0: 00000000:0050 00000000:0000 0A 0 0 0\n'; // TCP port 80
  const node = { name: 'node0', sockets: () => Promise.resolve(sockets) } as unknown as Node;
  const ports = [
    { protocol: 'tcp', port: 80 },
    { protocol: 'udp', port: 514 },
  ] as const;
  const plan = { command: ['true'], capabilities: [], isRoot: false, ports };
  const request = { kind: 'http', where: 'services.http(node0)', node, plan, mayPortsBeTaken: true };
  await expect(startService({} as AppPlace, { reference: 'image', volumes: [] }, request)).rejects.toMatchObject({
    code: 'ALPY_NODE_SERVICE',
    fault: 'usage',
    message:
      'services.http(node0): expected TCP port 80 and UDP port 514 of node0 to be free, but another program listens on TCP port 80. ' +
      'End it, or choose another port',
  });
});
