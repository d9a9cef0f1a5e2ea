// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { exitStatusOf } from '../../../src/core/exit-status.ts';
import { withSink } from '../../../src/core/step.ts';
import { ExecError } from '../../../src/docker/index.ts';
import { NodeInterface } from '../../../src/network/node-interface.ts';

/** An interface whose node answers each command like this. */
function interfaceWith(shell: () => Promise<string>): NodeInterface {
  const spec = { name: 'eth0', mac: '02:00:00:a1:00:00' } as ConstructorParameters<typeof NodeInterface>[0];
  return new NodeInterface(spec, { node: 'node0', shell });
}

test('a kernel that cannot change the carrier of a tap is no failure, and the log says which one can', async () => {
  const lines: string[] = [];
  const stderr = 'RTNETLINK answers: Operation not supported';
  const refusal = new ExecError('node0', ['ip'], exitStatusOf(2), '', stderr);
  await withSink(
    (event) => {
      if (event.kind === 'log') lines.push(event.text);
    },
    () => interfaceWith(() => Promise.reject(refusal)).setCarrier(false),
  );
  expect(lines).toEqual(['node0 keeps its carrier: changing that of a tap needs Linux 5.0 or newer']);
});

test('an interface that is gone is an error that says who may have removed it', async () => {
  await expect(interfaceWith(() => Promise.resolve('gone\n')).assertExists()).rejects.toThrow(
    'node0: expected the interface eth0, got none. If the test did not remove or rename it, another program on this machine did',
  );
});
