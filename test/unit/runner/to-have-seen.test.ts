// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { DecodeTimeoutError, FrameTimeoutError, type Capture } from '../../../src/capture/index.ts';
import type { Node } from '../../../src/network/index.ts';
import type { QmpClient } from '../../../src/qemu/index.ts';
import { matchers } from '../../../src/runner/matchers.ts';
import { Link } from '../../../src/testbed/index.ts';
import { nodeLinks, resolveTopology } from '../../../src/topology/index.ts';

/** A link whose capture answers like this; it has nothing else. */
function linkWith(capture: Partial<Capture>): Link {
  const [link] = nodeLinks(resolveTopology({ links: 1 }));
  const [node, qmp] = [{} as Node, {} as QmpClient];
  return new Link({ ...link!, index: 0, model: 'virtio-net-pci', node, capture: capture as Capture, qmp });
}

test('toHaveSeen fails with the number of frames that were looked at, and reads the capture once', async () => {
  const link = linkWith({ waitFor: () => Promise.reject(new FrameTimeoutError('none', 643_440)) });
  const { pass, message } = await matchers.toHaveSeen.call({}, link, 'icmp.type == 8');
  expect([pass, message()]).toEqual([false, 'expected a frame on link0 to pass "icmp.type == 8", but none of 643440 did']);
});

test.each([false, true])(
  'toHaveSeen neither passes nor fails if not all frames could be looked at (negated: %s)',
  async (isNot) => {
    const error = new DecodeTimeoutError('too many');
    const link = linkWith({ waitFor: () => Promise.reject(error), frames: () => Promise.reject(error) });
    await expect(matchers.toHaveSeen.call({ isNot }, link, 'icmp')).rejects.toBe(error);
  },
);
