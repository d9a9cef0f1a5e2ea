// SPDX-License-Identifier: GPL-3.0-or-later
import { extname, join, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import type { CliIo } from './io.ts';
import { loadOptionalConfig } from './optional-config.ts';

/** Words that start this CLI with one of its commands. */
export function ownProgram(...command: readonly string[]): readonly string[] {
  return [process.execPath, join(import.meta.dirname, `bin${extname(import.meta.filename)}`), ...command];
}

/** Folder of the testbed that `alpy up` holds: `ALPY_SESSION`, or else one below the output directory. */
export async function sessionDirectory(io: CliIo, configFile?: string): Promise<string> {
  const named = io.env['ALPY_SESSION'];
  if (named !== undefined && named !== '') return resolve(io.directory, named);
  const loaded = await loadOptionalConfig(io, configFile);
  return join(loaded?.config.out ?? resolve(io.directory, 'alpy-out'), 'session');
}

/**
 * The commands that act on the testbed which `alpy up` holds. What follows their names goes to its keeper as it is.
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
      if (name === 'console' && words.length === 0)
        await (await import('./console.ts')).attachConsole(await sessionDirectory(io), io);
      else io.exitWith(await call(io, name, words));
    },
  }));
}

/** As `src/session/commands` has them; repeated here, since that takes long to load for `alpy --help`. */
const descriptions = [
  ['exec', 'Run a program on a node, or in the container of a service'],
  ['configure', "Give a node's interface addresses, routes and MTU, in place of those it had"],
  ['console', "Use the device's serial console; without words: by hand"],
  ['dut', 'Halt the device, let it go on, press its buttons, log in anew'],
  ['link', "Plug a link's cable in, or pull it: the device's NIC and the node gain or lose their carrier"],
  ['capture', "Show the frames that have crossed a link so far; FILTER is one of Wireshark's display filters"],
  ['status', 'Tell of the testbed as JSON, after seeing that all of it runs'],
] as const;

async function call(io: CliIo, name: string, words: readonly string[]): Promise<number> {
  const [{ callSocket, parseCommandLine, sessionCommands, sessionFiles }, { EnvironmentError }, { buffer }] = await Promise.all([
    import('../session/index.ts'),
    import('../core/errors.ts'),
    import('node:stream/consumers'),
  ]);
  const command = sessionCommands.find((one) => one.name === name);
  const wantsInput = command !== undefined && parseCommandLine(command, words).values['stdin'] === true;
  const socket = join(await sessionDirectory(io), sessionFiles.socket);
  const status = await callSocket(socket, {
    args: [name, ...words],
    ...(wantsInput ? { input: await buffer(process.stdin) } : {}),
    stdout: (data) => process.stdout.write(data),
    stderr: (data) => process.stderr.write(data),
    signal: io.signal,
  });
  if (status === undefined) throw new EnvironmentError('the testbed has ended meanwhile');
  return status;
}
