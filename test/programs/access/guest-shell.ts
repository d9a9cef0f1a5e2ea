// SPDX-License-Identifier: GPL-3.0-or-later
import { RemoteShell, type ShellOptions } from '../../../src/access/index.ts';
import { SerialConsole } from '../../../src/console/index.ts';
import { startGuest, type Tamper } from '../../unit/console/guest.ts';

/** For waits that end immediately unless something is broken. */
export const wait = { timeoutMs: 25_000 };

/** How long a test that starts shells may take, in `ms`: many run at once, perhaps on a busy machine. */
export const testMs = 30_000;

/** Starts an unprepared shell on a terminal of 80 columns. */
export async function startShell(
  command: string,
  tamper?: Tamper,
): Promise<{ shell: RemoteShell; console: SerialConsole; powerOff: () => void } & AsyncDisposable> {
  const guest = startGuest(`stty cols 80; ${command}`, tamper);
  const console = SerialConsole.open(guest.stream);
  await console.expect(/[#$] /, wait);
  return {
    shell: RemoteShell.attach(console, wait),
    console,
    powerOff: guest.powerOff,
    [Symbol.asyncDispose]: async () => {
      await console.close();
      await guest[Symbol.asyncDispose]();
    },
  };
}

/**
 * Starts a shell and logs in, which prepares it.
 * @param profile - lines for the shell to read first, as from the user's profile
 */
export async function startPreparedShell(
  command: string,
  profile = '',
  options: ShellOptions = {},
): Promise<Awaited<ReturnType<typeof startShell>>> {
  const guest = await startShell(command);
  try {
    if (profile !== '') {
      await guest.console.send(`${profile}\necho pro''filed\n`);
      await guest.console.expect('profiled', wait);
    }
    await guest.console.send('\n');
    const shell = await RemoteShell.login(guest.console, { user: 'root', settleMs: 50 }, wait, { ...wait, ...options });
    return { ...guest, shell };
  } catch (error) {
    await guest[Symbol.asyncDispose]();
    throw error;
  }
}
