// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { resolveConfig, type LoadedConfig } from '../../../src/config/index.ts';
import { readYaml } from '../../../src/config/read.ts';
import { Engine } from '../../../src/docker/index.ts';
import { uplinkProblem } from '../../../src/qemu/uplink-network.ts';
import { checkUplinks, namesNetworks } from '../../../src/runner/uplink-networks.ts';
import { FakeDaemon } from '../../support/fake-daemon.ts';

const networks = ['lab', 'bridge', 'host', 'none'].map((Name, index) => ({ Name, Id: `${String(index)}a1b2c3` }));
const withNetworks = (): Promise<FakeDaemon> =>
  FakeDaemon.open((request, response) => {
    if (request.url?.startsWith('/networks') !== true) return false;
    response.end(JSON.stringify(networks));
    return true;
  });

function load(uplink: string, flags: object = {}): LoadedConfig {
  const text = `appliance: { image: x.qcow2 }
topology:
  links: 2
  nodes:
    node0: { address: 10.0.2.100/24 }
    node1:
      address: 10.0.2.101/24
      uplink: ${uplink}
`;
  return resolveConfig({ file: '/project/alpy.yaml', ...readYaml('/project/alpy.yaml', text), directory: '/project', flags });
}

test.each(['lab', '0a1b', 'container:web', 'host', 'true', 'false'])('an uplink through %s is accepted', async (uplink) => {
  await using daemon = await withNetworks();
  using engine = await Engine.connect({ socketPath: daemon.socketPath });
  await checkUplinks(engine, load(uplink));
});

test("a network that the daemon does not have is an error with the line and the daemon's networks", async () => {
  await using daemon = await withNetworks();
  using engine = await Engine.connect({ socketPath: daemon.socketPath });
  await expect(checkUplinks(engine, load('lap'))).rejects.toMatchObject({
    code: 'ALPY_CONFIG',
    fault: 'usage',
    file: '/project/alpy.yaml',
    problems: [
      'line 8: topology.nodes.node1.uplink: expected a network of the Docker daemon (bridge, host, lab, none), got "lap"',
    ],
  });
});

test('a network that does not come from the file has no line', async () => {
  await using daemon = await withNetworks();
  using engine = await Engine.connect({ socketPath: daemon.socketPath });
  const fromFlag = load('lab', { topology: { links: 2, nodes: { node0: { uplink: 'lap' } } } });
  await expect(checkUplinks(engine, fromFlag)).rejects.toMatchObject({
    problems: [expect.stringMatching(/^topology\.nodes\.node0\.uplink: expected a network/)],
  });
});

test('the daemon is not asked unless an uplink names a network', async () => {
  await using daemon = await FakeDaemon.open(); // refuses to list networks
  using engine = await Engine.connect({ socketPath: daemon.socketPath });
  await checkUplinks(engine, load('true'));
  expect(namesNetworks(load('true'))).toBe(false);
  expect(namesNetworks(load('lab'))).toBe(true);
  await expect(uplinkProblem(engine, 'node1', 'lab')).rejects.toMatchObject({ code: 'ALPY_CONTAINER', fault: 'environment' });
});
