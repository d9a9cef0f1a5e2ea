// SPDX-License-Identifier: GPL-3.0-or-later
import { LoginError, ShellKindError } from '../access/index.ts';
import type { Dut } from '../testbed/index.ts';
import { examine, type Examined } from './examine.ts';
import type { Outcome } from './watch.ts';

/** A log-in, as far as it is known. */
export interface KnownLogin {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** Asks the user how to log in. @returns `undefined` if the user does not want to */
export type AskLogin = (prompt: string, refused: string | undefined) => Promise<KnownLogin | undefined>;

/** Somebody who has logged in. */
export interface Session {
  readonly user: string;
  readonly password?: string | undefined;
  /** absent if there is no POSIX shell */
  readonly examined?: Examined | undefined;
  /** why there is none: what the shell seems to be */
  readonly otherShell?: string | undefined;
}

/** What is needed to log in. */
export interface LoginQuestion {
  readonly login: KnownLogin;
  readonly ask?: AskLogin | undefined;
  readonly bootTimeoutMs: number;
  readonly report: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Who is said to have logged in where nothing asks for a name. */
const anybody = 'root';
const maxQuestions = 3;

/**
 * Logs in at the prompt that the console shows, and examines the device.
 * @returns `undefined` if nobody knows how to log in
 * @throws LoginError if the log-in is refused, and nobody can be asked
 */
export async function logInto(
  dut: Dut,
  { prompt, line }: Extract<Outcome, { kind: 'prompt' }>,
  question: LoginQuestion,
): Promise<Session | undefined> {
  const { login, ask, report } = question;
  if (prompt === 'unknown') return { user: login.user ?? anybody, password: login.password, otherShell: 'no shell' };
  if (prompt === 'shell') return open(dut, { user: login.user ?? anybody, password: login.password }, question);
  let known = login.user === undefined ? await ask?.(line.trim(), undefined) : login;
  for (let count = 1; ; count += 1) {
    if (known?.user === undefined) return undefined;
    try {
      report(`log in as ${known.user}`);
      return await open(dut, { ...known, user: known.user }, question);
    } catch (error) {
      if (!(error instanceof LoginError) || !ask || count === maxQuestions) throw error;
      known = await ask(line.trim(), error.message.split('\n')[0]);
    }
  }
}

async function open(
  dut: Dut,
  { user, password }: KnownLogin & { readonly user: string },
  { bootTimeoutMs, signal }: LoginQuestion,
): Promise<Session> {
  const wait = { timeoutMs: bootTimeoutMs * dut.timeFactor, signal };
  try {
    const shell = await dut.login(wait, {
      user,
      ...(password === undefined ? {} : { password }),
      retryMs: 60_000 * dut.timeFactor,
    });
    return { user, password, examined: await examine(shell) };
  } catch (error) {
    if (!(error instanceof ShellKindError)) throw error;
    return { user, password, otherShell: error.message.split('\n')[0] ?? '' };
  }
}
