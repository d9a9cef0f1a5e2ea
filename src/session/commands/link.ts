// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../../core/errors.ts';
import type { Link } from '../../testbed/index.ts';
import type { Call } from '../call.ts';
import { linkNamed } from '../session.ts';
import { exactly, type ParsedArgs, type SessionCommand } from './command.ts';
import { impairmentOf, impairmentOptions } from './impairment.ts';

type Act = (link: Link, words: ParsedArgs, call: Call) => Promise<void>;

const acts: Readonly<Record<string, Act>> = {
  up: (link) => link.setUp(true),
  down: (link) => link.setUp(false),
  impair: async (link, words, { signal }) => {
    await link.impair({ ...impairmentOf(words), signal });
  },
  clear: async (link, _words, call) => {
    const { faults } = link;
    if (faults.length === 0)
      throw new UsageError(
        `expected an impairment of ${link.name}, got none. One with --duration-ms may have ended by itself. Begin one with alpy link ${link.name} impair`,
      );
    const errors: unknown[] = [];
    for (const fault of faults) {
      try {
        await fault.end();
        await call.write('out', `${JSON.stringify(await fault.counts())}\n`);
      } catch (error) {
        errors.push(error); // the others must end, too
      }
    }
    if (errors.length > 0) throw errors[0];
  },
};

export const linkCommand: SessionCommand = {
  name: 'link',
  usage: 'LINK up|down|impair|clear',
  describe: 'Plug or unplug the cable of a link, or impair it: delay, loss, duplicates, corruption, reordering, rate',
  help: [
    'up, down     all ends of the link or segment gain or lose their carrier',
    'impair       until clear: --delay-ms 20 --jitter-ms 5 --loss-percent 1 --duplicate-percent 1 --corrupt-percent 1',
    '             --reorder-percent 1 --rate-mbps 10 --direction "node0->dut" --seed 1; several impairments add up;',
    '             --after-ms 500 begins it later, --duration-ms 2000 ends it by itself',
    'clear        end all impairments; prints for each what happened to the frames, as JSON',
  ],
  options: impairmentOptions,
  run: async (session, words, call) => {
    const [name, verb] = exactly(words, ['LINK', 'up|down|impair|clear']);
    const act = Object.hasOwn(acts, verb) ? acts[verb] : undefined;
    if (!act) throw new UsageError(`expected one of ${Object.keys(acts).join(', ')}, got ${JSON.stringify(verb)}`);
    const [option] = Object.keys(words.values);
    if (verb !== 'impair' && option !== undefined) throw new UsageError(`--${option} belongs to alpy link ${name} impair`);
    await act(linkNamed(session, name), words, call);
    return 0;
  },
};
