// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../../core/errors.ts';
import { linkNamed } from '../session.ts';
import { exactly, type SessionCommand } from './command.ts';

export const linkCommand: SessionCommand = {
  name: 'link',
  usage: 'LINK up|down',
  describe: "Plug or unplug the cable of a link: the device's NIC and the node gain or lose their carrier",
  run: async (session, words) => {
    const [name, state] = exactly(words, ['LINK', 'up|down']);
    if (state !== 'up' && state !== 'down') throw new UsageError(`expected up or down, got ${JSON.stringify(state)}`);
    await linkNamed(session, name).setUp(state === 'up');
    return 0;
  },
};
