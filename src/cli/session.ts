// SPDX-License-Identifier: GPL-3.0-or-later
import { extname, join, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { statusByFault } from '../core/errors.ts';
import type { CliIo } from './io.ts';
import { loadOptionalConfig } from './optional-config.ts';

/** The command line that starts this CLI with one of its commands. */
export function ownProgram(...command: readonly string[]): readonly string[] {
  return [process.execPath, join(import.meta.dirname, `bin${extname(import.meta.filename)}`), ...command];
}

/** Folder of the session of `alpy up`: `ALPY_SESSION`, or by default one below the output directory. */
export async function sessionDirectory(io: CliIo, configFile?: string): Promise<string> {
  const named = io.env['ALPY_SESSION'];
  if (named !== undefined && named !== '') return resolve(io.directory, named);
  const loaded = await loadOptionalConfig(io, configFile);
  return join(loaded?.config.out ?? resolve(io.directory, 'alpy-out'), 'session');
}

/**
 * The commands that act on the testbed of `alpy up`. Everything after their names goes to the session's process unchanged.
 * @param args - of the CLI
 */
export function sessionCommandsOf(io: CliIo, args: readonly string[]): readonly CommandModule<object, object>[] {
  return descriptions.map(([name, describe]) => ({
    command: `${name} [words..]`,
    describe,
    builder: (yargs) => yargs.strict(false).help(false).version(false),
    handler: async () => {
      const { commandHelp, sessionCommands } = await import('../session/index.ts');
      const words = args.slice(args.indexOf(name) + 1);
      if (words[0] === '--help' || words[0] === '-h') {
        const command = sessionCommands.find((one) => one.name === name);
        if (command) io.stdout(commandHelp(command));
        return;
      }
      if (
        name === 'console' &&
        (words.length === 0 || (words.length === 1 && /^(?!(run|send|expect|tail)$)[^-]/.test(words[0] ?? '')))
      )
        await attach(io, words);
      else io.exitWith(await call(io, name, words));
    },
  }));
}

/** Copies of the descriptions in `src/session/commands`, which would take too long to load for `alpy --help`. */
const descriptions = [
  ['exec', 'Run a program on a node, or in the container of a service'],
  ['configure', "Set the addresses, routes and MTU of a node's interface, in place of the previous ones"],
  ['console', "Use a device's serial console; interactively if nothing but the device's name follows"],
  ['dut', 'Pause or resume a device, press its buttons, cut its power, crash it, log in again'],
  ['link', 'Plug or unplug the cable of a link, or impair it: delay, loss, duplicates, corruption, reordering, rate'],
  ['capture', 'Show the frames that have crossed a link so far; FILTER is a Wireshark display filter'],
  ['status', 'Check the testbed and print its state as JSON'],
] as const;

/** Connects this terminal to the console of a device; the session knows which socket is the device's. */
async function attach(io: CliIo, device: readonly string[]): Promise<void> {
  const [{ attachConsole }, { callSocket, sessionFiles }] = await Promise.all([
    import('./console.ts'),
    import('../session/index.ts'),
  ]);
  const directory = await sessionDirectory(io);
  let file = '';
  const status = await callSocket(join(directory, sessionFiles.socket), {
    args: ['console', ...device, 'attach'],
    stdout: (data) => {
      file += data.toString();
    },
    stderr: (data) => {
      io.stderr(data.toString().trimEnd());
    },
    signal: io.signal,
  });
  if (status === 0) await attachConsole(directory, file.trim(), io);
  else io.exitWith(status ?? statusByFault.environment);
}

async function call(io: CliIo, name: string, words: readonly string[]): Promise<number> {
  const [
    { callSocket, parseCommandLine, sessionCommands, sessionFiles },
    { EnvironmentError },
    { programOutput },
    { rawTerminal },
  ] = await Promise.all([
    import('../session/index.ts'),
    import('../core/errors.ts'),
    import('./program-output.ts'),
    import('./terminal.ts'),
  ]);
  const command = sessionCommands.find((one) => one.name === name);
  const readsStdin = command !== undefined && parseCommandLine(command, words).values['stdin'] === true;
  const socket = join(await sessionDirectory(io), sessionFiles.socket);
  using terminal = readsStdin ? rawTerminal(io.env['TERM']) : undefined;
  const isInteractive = terminal !== undefined; // the program draws on the terminal
  const stdout = programOutput(process.stdout, isInteractive);
  const stderr = programOutput(process.stderr, isInteractive);
  const status = await callSocket(socket, {
    args: [name, ...words],
    terminal,
    ...(readsStdin ? { input: process.stdin } : {}),
    stdout: stdout.write,
    stderr: stderr.write,
    signal: io.signal,
  }).finally(() => {
    stdout.end();
    stderr.end();
  });
  if (status === undefined) throw new EnvironmentError('the testbed has ended in the meantime');
  return status;
}
