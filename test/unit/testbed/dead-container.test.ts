// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { EnvironmentError, UsageError } from '../../../src/core/errors.ts';
import { exitStatusOf, type ExitStatus } from '../../../src/core/exit-status.ts';
import type { Container } from '../../../src/docker/index.ts';
import { explainByContainers } from '../../../src/testbed/dead-container.ts';
import type { Started } from '../../../src/testbed/teardown.ts';

interface FakeContainer {
  readonly name: string;
  readonly exited: Promise<void>;
  exitStatus?: ExitStatus;
}

function container(name: string): FakeContainer & { readonly end: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const one: FakeContainer = { name, exited: promise };
  return Object.assign(one, {
    end: () => {
      one.exitStatus = exitStatusOf(137);
      resolve();
    },
  });
}

function testbed(): {
  readonly started: Pick<Started, 'lease' | 'nodes' | 'uplinks'>;
  readonly node: ReturnType<typeof container>;
  readonly lifeline: ReturnType<typeof container>;
} {
  const [lifeline, node] = [container('lifeline'), container('node0')];
  const group = { lifeline: { container: lifeline }, firstEnded: undefined };
  const nodes = [{ container: node as unknown as Container }];
  return {
    started: { lease: { group }, nodes, uplinks: [] } as unknown as Pick<Started, 'lease' | 'nodes' | 'uplinks'>,
    node,
    lifeline,
  };
}

const refused = new EnvironmentError('no such process');

test('a container that has ended is the cause of what failed, even if the news of its end comes later', async () => {
  const { started, node } = testbed();
  const explained = explainByContainers(refused, started);
  setImmediate(node.end);
  expect(await explained).toMatchObject({ code: 'ALPY_CONTAINER_DIED', container: 'node0', signal: 'SIGKILL' });
});

test("a lifeline that has ended is the cause, even if QEMU's container could not be created without it", async () => {
  const { started, lifeline } = testbed();
  lifeline.end();
  expect(await explainByContainers(refused, started)).toMatchObject({ code: 'ALPY_CONTAINER_DIED', container: 'lifeline' });
});

test('another failure stays the cause while all containers run', async () => {
  expect(await explainByContainers(refused, testbed().started)).toBe(refused);
});

test('a mistake of the user stays the cause', async () => {
  const { started, node } = testbed();
  node.end();
  const error = new UsageError('no such option');
  expect(await explainByContainers(error, started)).toBe(error);
});

test('a guest that has ended is named, with why its kernel panicked', async () => {
  const { started, node } = testbed();
  Object.assign(started.nodes[0]!, { guest: { lastWords: 'Kernel panic - not syncing: no memory' } });
  node.end();
  expect(await explainByContainers(refused, started)).toMatchObject({
    container: 'node0',
    message: expect.stringMatching(/^node0: .*Kernel panic - not syncing: no memory$/) as string,
  });
});
