// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../../core/errors.ts';
import type { Frame } from '../../capture/index.ts';
import { linkNamed } from '../session.ts';
import { exactly, milliseconds, type SessionCommand } from './command.ts';

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

export const captureCommand: SessionCommand = {
  name: 'capture',
  usage: 'LINK [FILTER] [--wait] [--timeout SECONDS] [--count] [--field NAME]…',
  describe: 'Show the frames that have crossed a link so far; FILTER is a Wireshark display filter',
  help: [
    '--wait       wait for the first frame that passes FILTER; status 1 if none does in time',
    '--timeout    how long, in seconds; default 10 with --wait, else 60',
    '--count      print only the number of frames',
    "--field      show the value of one of Wireshark's fields too, such as ip.ttl",
  ],
  options: {
    wait: { type: 'boolean' },
    timeout: { type: 'string' },
    count: { type: 'boolean' },
    field: { type: 'string', multiple: true },
  },
  run: async (session, words, call) => {
    const [name, ...filters] = [...words.positionals, ...words.rest];
    if (name === undefined || filters.length > 1)
      throw new UsageError('expected a link and at most one filter, in quotes: alpy capture link0 "icmp.type == 8"');
    const { capture } = linkNamed(session, name);
    const timeoutMs = milliseconds(words, 'timeout');
    const fields = (words.values['field'] ?? []) as readonly string[];
    const options = { fields, signal: call.signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    const [filter = ''] = filters;
    const frames =
      words.values['wait'] === true ? [await capture.waitFor(filter, options)] : await capture.frames(filter, options);
    const lines = words.values['count'] === true ? [String(frames.length)] : frames.map((frame) => frameLine(frame, fields));
    if (lines.length > 0) await call.write('out', `${lines.join('\n')}\n`);
    return 0;
  },
};

function frameLine({ number, timeMs, lengthBytes, protocol, info, fields }: Frame, names: readonly string[]): string {
  const values = names.map((name) => fields[name] ?? '');
  return [String(number), new Date(timeMs).toISOString(), String(lengthBytes), protocol, info, ...values].join('\t');
}
