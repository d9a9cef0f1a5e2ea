// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../../core/errors.ts';
import { timeText } from '../../core/text.ts';
import type { Frame } from '../../capture/index.ts';
import { escapeControls } from '../../report/index.ts';
import type { Link } from '../../testbed/index.ts';
import type { Call } from '../call.ts';
import { linkNamed } from '../session.ts';
import { milliseconds, type ParsedArgs, type SessionCommand } from './command.ts';

export const captureCommand: SessionCommand = {
  name: 'capture',
  usage: '[LINK] [FILTER] [--follow] [--wait] [--timeout SECONDS] [--count] [--field NAME]…',
  describe: 'Show the frames that have crossed a link so far; FILTER is a Wireshark display filter',
  help: [
    '--follow     also show each new frame as it crosses the link, until Ctrl-C; without LINK, those of all links',
    '--wait       wait for the first frame that passes FILTER; status 1 if none does in time',
    '--timeout    how long, in seconds; default 10 with --wait, else 60',
    '--count      print only the number of frames',
    "--field      show the value of one of Wireshark's fields too, such as ip.ttl",
  ],
  options: {
    follow: { type: 'boolean' },
    wait: { type: 'boolean' },
    timeout: { type: 'string' },
    count: { type: 'boolean' },
    field: { type: 'string', multiple: true },
  },
  run: async (session, words, call) => {
    const [name, ...filters] = [...words.positionals, ...words.rest];
    if (filters.length > 1 || (name === undefined && words.values['follow'] !== true))
      throw new UsageError('expected a link and at most one filter, in quotes: alpy capture link0 "icmp.type == 8"');
    const [filter = ''] = filters;
    if (words.values['follow'] === true) {
      const links = name === undefined ? session.testbed.links : [linkNamed(session, name)];
      await followLinks(links, filter, words, call);
    } else if (name !== undefined) await show(linkNamed(session, name), filter, words, call);
    return 0;
  },
};

async function show({ capture }: Link, filter: string, words: ParsedArgs, call: Call): Promise<void> {
  const timeoutMs = milliseconds(words, 'timeout');
  const fields = fieldsOf(words);
  const options = { fields, signal: call.signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  const frames = words.values['wait'] === true ? [await capture.waitFor(filter, options)] : await capture.frames(filter, options);
  const lines = words.values['count'] === true ? [String(frames.length)] : frames.map((frame) => frameLine(frame, fields));
  if (lines.length > 0) await call.write('out', `${lines.join('\n')}\n`);
}

/** Shows frames until the caller cancels. With several links, each line begins with the link. */
async function followLinks(links: readonly Link[], filter: string, words: ParsedArgs, call: Call): Promise<void> {
  const other = ['wait', 'timeout', 'count'].find((option) => words.values[option] !== undefined);
  if (other !== undefined) throw new UsageError(`expected --follow or --${other}, got both`);
  const fields = fieldsOf(words);
  const end = new AbortController(); // if one link cannot be followed, the others end too
  const signal = AbortSignal.any([call.signal, end.signal]);
  const follow = async ({ name, capture }: Link): Promise<void> => {
    const head = links.length > 1 ? `${name}\t` : '';
    for await (const frame of capture.follow(filter, { fields, signal }))
      await call.write('out', `${head}${frameLine(frame, fields)}\n`);
  };
  try {
    await Promise.all(links.map(follow));
  } catch (error) {
    if (!call.signal.aborted) throw error;
  } finally {
    end.abort();
  }
}

function fieldsOf({ values }: ParsedArgs): readonly string[] {
  return (values['field'] ?? []) as readonly string[];
}

function frameLine({ number, timeMs, lengthBytes, protocol, info, fields }: Frame, names: readonly string[]): string {
  const values = names.map((name) => fields[name] ?? '');
  return [String(number), timeText(timeMs), String(lengthBytes), protocol, info, ...values].map(escapeControls).join('\t');
}
