// SPDX-License-Identifier: GPL-3.0-or-later
import { AlpyError } from '../core/errors.ts';
import { LoginError, ShellKindError, type RemoteShell } from '../access/index.ts';
import { waitForQuiet } from '../console/index.ts';
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
  /** the command that started a POSIX shell; absent if the log-in shell is a POSIX shell, or if the device has no such shell */
  readonly shellCommand?: string | undefined;
  /** absent if there is no POSIX shell */
  readonly examined?: Examined | undefined;
  /** what kind of shell it seems to be, if it is not a POSIX shell */
  readonly otherShell?: string | undefined;
}

/** What is needed to log in. */
export interface LoginQuestion {
  readonly login: KnownLogin;
  /** asks the user for what `login` lacks; absent if nobody can be asked */
  readonly ask?: AskLogin | undefined;
  /** longest boot, in `ms`, on a usual machine with KVM */
  readonly bootTimeoutMs: number;
  /** when the guest was started, by the clock of `performance.now` */
  readonly startMs: number;
  readonly report: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Who is said to have logged in where nothing asks for a name. */
const anybody = 'root';
const maxQuestions = 3;
/** How old a guest must be before a refused log-in counts, in `ms`: cloud-init sets passwords late. */
const maxLateMs = 60_000;
const shellCommand = 'exec sh';
const shellSettleMs = 2000;

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
  if (prompt === 'shell')
    return open(dut, { user: login.user ?? anybody, password: login.password }, { ...question, retryMs: 0 });
  let known = login.user === undefined ? await ask?.(line.trim(), undefined) : login;
  let retryMs = 0;
  for (let count = 1; ; count += 1) {
    if (known?.user === undefined) return undefined;
    try {
      report(`log in as ${known.user}`);
      return await open(dut, { ...known, user: known.user }, { ...question, retryMs });
    } catch (error) {
      const leftMs = Math.max(0, question.startMs + maxLateMs * dut.timeFactor - performance.now());
      const isLast = ask ? count === maxQuestions : retryMs > 0 || leftMs === 0;
      if (!(error instanceof LoginError) || isLast) throw error;
      const [refused = ''] = error.message.split('\n');
      if (ask) known = await ask(line.trim(), refused);
      else {
        retryMs = leftMs;
        report(`  ${refused}`);
        report(`  trying again for ${Math.ceil(leftMs / 1000)} s, in case the device sets its passwords late; Ctrl-C ends this`);
      }
    }
  }
}

type Known = KnownLogin & { readonly user: string };

/** How one log-in is tried. */
interface LoginTry extends LoginQuestion {
  /** for how long a refused log-in is tried again, in `ms` */
  readonly retryMs: number;
}

async function open(dut: Dut, known: Known, question: LoginTry): Promise<Session> {
  try {
    return { ...known, examined: await examine(await login(dut, known, question)) };
  } catch (error) {
    if (!(error instanceof ShellKindError)) throw error;
    return (await openByCommand(dut, known, question)) ?? { ...known, otherShell: error.message.split('\n')[0] ?? '' };
  }
}

/** Starts a POSIX shell in another kind of shell, such as csh. Returns `undefined` if that does not work. */
async function openByCommand(dut: Dut, known: Known, question: LoginTry): Promise<Session | undefined> {
  question.report(`  the shell is not a POSIX shell; trying ${shellCommand}`);
  await dut.console.sendLine(shellCommand, { signal: question.signal });
  await waitForQuiet(dut.console, shellSettleMs, question.signal);
  try {
    return { ...known, examined: await examine(await login(dut, known, question)), shellCommand };
  } catch (error) {
    question.signal.throwIfAborted();
    if (error instanceof AlpyError) return undefined; // whatever it is, it is no shell
    throw error;
  }
}

function login(dut: Dut, { user, password }: Known, question: LoginTry): Promise<RemoteShell> {
  const { bootTimeoutMs, retryMs, signal } = question;
  const wait = { timeoutMs: bootTimeoutMs * dut.timeFactor, signal };
  return dut.login(wait, { user, ...(password === undefined ? {} : { password }), retryMs });
}
