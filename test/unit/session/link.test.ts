// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import type { Call } from '../../../src/session/call.ts';
import { linkCommand } from '../../../src/session/commands/link.ts';
import type { Session } from '../../../src/session/session.ts';

test('clear ends all impairments, also if one has broken', async () => {
  const broken = new Error('the relay ended');
  let hasEnded = false;
  const end = (): Promise<void> => {
    hasEnded = true;
    return Promise.resolve();
  };
  const faults = [{ end: () => Promise.reject(broken) }, { end, counts: () => Promise.resolve({ lost: 1 }) }];
  const session = { testbed: { links: [{ name: 'link0', faults }] } } as unknown as Session;
  const printed: unknown[] = [];
  const write: Call['write'] = (_output, data) => {
    printed.push(data);
    return Promise.resolve();
  };
  const call: Call = { args: [], write, signal: new AbortController().signal };
  const words = { values: {}, positionals: ['link0', 'clear'], rest: [] };
  await expect(linkCommand.run(session, words, call)).rejects.toBe(broken);
  expect([hasEnded, printed]).toEqual([true, ['{"lost":1}\n']]);
});
