// SPDX-License-Identifier: GPL-3.0-or-later
import { withDeadline, type Wait } from '../core/deadline.ts';
import { ConsoleTimeoutError, LoginError } from './errors.ts';
import type { Pattern } from './pattern.ts';
import { becomesQuiet } from './quiet.ts';
import type { SerialConsole } from './serial-console.ts';

/** How to log in. */
export interface LoginOptions {
  readonly user: string;
  /** absent when the device asks for none */
  readonly password?: string;
  /** default `login: `, but not that of "Last login: " */
  readonly loginPrompt?: Pattern;
  /** default `Password: ` */
  readonly passwordPrompt?: Pattern;
  /** default one of `# $ % >`, a blank and nothing more, escape codes aside */
  readonly shellPrompt?: Pattern;
  /** what the device prints when it refuses; default "Login incorrect" and its like */
  readonly failurePattern?: Pattern;
  /** how often the user name is typed before the login counts as refused; default 2, since noise may spoil the first */
  readonly attempts?: number;
  /** after how much silence to press Enter, for a prompt that went by or was cut by a kernel message, in `ms`; default 5000, 0 never */
  readonly nudgeMs?: number;
  /** how long a prompt has to stand before it is answered: many programs flush their input after it, in `ms`; default 150 */
  readonly settleMs?: number;
}

const escapeCode = String.raw`(?:\x1b\[[0-9;?]*[A-Za-z])*`;
const defaults: Required<Omit<LoginOptions, 'user' | 'password'>> = {
  loginPrompt: /(?<!Last )login: */,
  passwordPrompt: /[Pp]assword(?: for \S+)?: */,
  shellPrompt: new RegExp(`[#$%>]${escapeCode} ${escapeCode}$`),
  failurePattern: /Login incorrect|Authentication failure|Login failed|Maximum number of tries|Access denied/i,
  attempts: 2,
  nudgeMs: 5000,
  settleMs: 150,
};
const awaited = 'a login or shell prompt';

/** How often a login prompt may come anew without a refusal. */
const spoiltNames = 2;

type Settings = typeof defaults & LoginOptions;

/**
 * Logs in, or finds that a shell already waits. Presses Enter when the console stays silent.
 * @throws LoginError when the device refuses the user name and password, or asks for a password and none is given
 * @throws ConsoleTimeoutError when no prompt comes in time
 * @throws ConsoleClosedError when the console ends
 */
export async function logIn(console: SerialConsole, options: LoginOptions, wait: Wait): Promise<void> {
  await withDeadline(
    wait,
    (cause) => new ConsoleTimeoutError(console.name, awaited, wait.timeoutMs, console.tail, { cause }),
    (signal) => converse(console, { ...defaults, ...options }, signal),
  );
}

async function converse(console: SerialConsole, options: Settings, signal: AbortSignal): Promise<void> {
  const { user, password, attempts, settleMs } = options;
  const refused = (reason: string): LoginError => new LoginError(console.name, user, reason, console.tail);
  let [hasSentPassword, refusals] = [false, 0];
  for (let tries = 0; ;) {
    const prompt = await nextPrompt(console, options, tries > 0, signal);
    if (prompt === 'shell') {
      // the end of any message may look like a prompt, but a prompt is the last for a while
      if (await becomesQuiet(console, settleMs, signal)) return;
    } else if (prompt === 'password') {
      await becomesQuiet(console, settleMs, signal);
      if (tries > 0 && password === undefined) throw refused('the device asks for a password and none is configured');
      if (hasSentPassword) throw refused('the device asks for a password once more, perhaps for a new one');
      hasSentPassword = tries > 0;
      await console.sendLine(tries > 0 ? password : '', { signal, secret: true }); // whose password? Back to the login prompt
    } else {
      // a prompt that comes anew without a password in between is none: an Enter of before may have met it
      if (prompt === 'failure' || hasSentPassword) refusals += 1;
      hasSentPassword = false;
      if (refusals >= attempts || tries >= attempts + spoiltNames) throw refused(`the device refused it ${String(tries)} times`);
      if (prompt === 'failure') continue; // its login prompt comes next
      await becomesQuiet(console, settleMs, signal);
      await console.sendLine(user, { signal });
      tries += 1;
    }
  }
}

const kinds = ['login', 'password', 'shell', 'failure'] as const;

async function nextPrompt(
  console: SerialConsole,
  options: Settings,
  triedBefore: boolean,
  signal: AbortSignal,
): Promise<(typeof kinds)[number]> {
  const { loginPrompt, passwordPrompt, shellPrompt, failurePattern, nudgeMs } = options;
  const patterns: Pattern[] = [loginPrompt, passwordPrompt, shellPrompt];
  if (triedBefore) patterns.push(failurePattern); // boot messages may well complain of denied access
  for (;;) {
    try {
      const { index } = await console.expect(patterns, { timeoutMs: nudgeMs > 0 ? nudgeMs : 2 ** 31 - 1, signal, awaited });
      return kinds[index] ?? 'login';
    } catch (error) {
      if (!(error instanceof ConsoleTimeoutError)) throw error; // else just silence so far: the caller's deadline decides
    }
    if (nudgeMs > 0 && console.quietMs >= nudgeMs) await console.sendLine('', { signal });
  }
}
