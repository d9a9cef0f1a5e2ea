// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Engine } from '../../../src/docker/index.ts';
import { createTestbed } from '../../../src/testbed/create.ts';
import type { TestbedSpec } from '../../../src/testbed/creation.ts';
import type { HostFacts } from '../../../src/testbed/host.ts';

test('a topology with a link that leads nowhere is refused before a lifeline is acquired', async () => {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'alpy-create-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  let hasAcquired = false;
  const acquire = (): unknown => {
    hasAcquired = true;
    return { lifeline: {} };
  };
  const topology = {
    duts: [],
    nodes: [],
    links: [{ name: 'x', ends: [{ kind: 'nic', dut: 'left', nic: 'nic0' }] }],
    segments: [],
  };
  const lifelines = { planFor: () => ({}), acquire };
  const spec = { topology, directory, devices: [], lifelines } as unknown as TestbedSpec;
  const facts = { access: { kind: 'bind' } } as unknown as HostFacts;
  await expect(createTestbed({} as Engine, facts, spec)).rejects.toThrow('the topology has no NIC nic0 of left');
  expect(hasAcquired).toBe(false);
});
