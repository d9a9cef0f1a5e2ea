// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../../core/errors.ts';
import { patternOf } from '../../config/index.ts';
import type { Dut } from '../../testbed/index.ts';
import type { Call } from '../call.ts';
import { consoleSocket } from '../console-socket.ts';
import { dutNamed } from '../session.ts';
import { exactly, milliseconds, type SessionCommand, type ParsedArgs } from './command.ts';

/** Default limit for a command on the device or a wait for its output, in `ms`; multiplied by the time factor. */
const defaultTimeoutMs = 30_000;

/** What `alpy console` does. `attach` is for the CLI, which connects a terminal to the socket. */
const verbs = ['run', 'send', 'expect', 'tail', 'attach'];

export const consoleCommand: SessionCommand = {
  name: 'console',
  usage: '[DEVICE] run COMMAND… | send TEXT | expect PATTERN | tail',
  describe: "Use a device's serial console",
  help: [
    'DEVICE       name of the device; not needed if there is only one',
    'run          run a command in the shell that is logged in; its output and status are those of alpy; options go before it',
    'send         send a line; --no-newline: without its end',
    'expect       wait until PATTERN comes, a text or a /regular expression/; status 1 when it does not',
    'tail         show the last output',
    '--timeout    how long, in seconds; default 30, times four without KVM',
  ],
  options: { timeout: { type: 'string' }, 'no-newline': { type: 'boolean' } },
  startsCommand: (words) => words.at(-1) === 'run' && words.length === (isVerb(words[0]) ? 1 : 2),
  run: async (session, { positionals, values, rest }, call) => {
    const device = isVerb(positionals[0]) ? undefined : positionals[0];
    const [verb, ...others] = device === undefined ? positionals : positionals.slice(1);
    const dut = dutNamed(session, device);
    const words: ParsedArgs = { values, positionals: others, rest };
    const wait = { timeoutMs: milliseconds(words, 'timeout') ?? defaultTimeoutMs * dut.timeFactor, signal: call.signal };
    switch (verb) {
      case 'run':
        return runOnDevice(dut, [...others, ...rest].join(' '), wait, call);
      case 'send': {
        const [text] = exactly(words, ['TEXT']);
        await (values['no-newline'] === true ? dut.console.send(text, wait) : dut.console.sendLine(text, wait));
        return 0;
      }
      case 'expect': {
        const { before, text } = await dut.console.expect(pattern(exactly(words, ['PATTERN'])[0]), wait);
        await call.write('out', `${before}${text}\n`);
        return 0;
      }
      case 'tail':
        await call.write('out', `${dut.console.tail}\n`);
        return 0;
      case 'attach':
        await call.write('out', `${consoleSocket(session.testbed, dut)}\n`);
        return 0;
      default:
        throw new UsageError(`expected run, send, expect or tail, got ${verb ?? 'nothing'}`);
    }
  },
};

function isVerb(word: string | undefined): boolean {
  return word === undefined || verbs.includes(word);
}

async function runOnDevice(
  dut: Dut,
  command: string,
  wait: { readonly timeoutMs: number; readonly signal: AbortSignal },
  call: Call,
): Promise<number> {
  if (command === '') throw new UsageError('expected a command: alpy console run COMMAND…');
  const { output, exitStatus } = await dut.shell.run(command, { ...wait, check: false });
  if (output !== '') await call.write('out', `${output}\n`);
  return exitStatus;
}

function pattern(text: string): string | RegExp {
  try {
    return patternOf(text);
  } catch (cause) {
    throw new UsageError(`expected a text or a regular expression, got ${text}: ${cause instanceof Error ? cause.message : ''}`, {
      cause,
    });
  }
}

const acts: Readonly<Record<string, (dut: Dut, wait: { readonly signal: AbortSignal }) => Promise<unknown>>> = {
  pause: (dut) => dut.pause(),
  resume: (dut) => dut.start(),
  reset: (dut) => dut.reset(),
  crash: (dut, wait) => dut.crash(wait),
  'power-cut': (dut) => dut.powerCut(),
  'power-on': (dut) => dut.powerOn(),
  login: (dut, wait) => dut.login(wait),
  reboot: (dut, wait) => dut.reboot(wait),
  'power-down': (dut, wait) => dut.powerDown(wait),
};

export const dutCommand: SessionCommand = {
  name: 'dut',
  usage: `[DEVICE] ${Object.keys(acts).join('|')}`,
  describe: 'Pause or resume a device, press its buttons, cut its power, crash it, log in again',
  run: async (session, words, { signal }) => {
    const hasName = words.positionals.length + words.rest.length > 1;
    const [device, verb] = hasName ? exactly(words, ['DEVICE', 'ACT']) : [undefined, exactly(words, ['ACT'])[0]];
    const dut = dutNamed(session, device);
    const act = Object.hasOwn(acts, verb) ? acts[verb] : undefined;
    if (!act) throw new UsageError(`expected one of ${Object.keys(acts).join(', ')}, got ${JSON.stringify(verb)}`);
    await act(dut, { signal });
    return 0;
  },
};
