// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../../core/deadline.ts';
import { log } from '../../core/step.ts';
import type { Pattern } from '../../core/pattern.ts';
import { ConsoleTimeoutError, type SerialConsole } from '../../console/index.ts';
import { LoginError } from './errors.ts';
import {
  isIn,
  lastLine,
  promptAtEnd,
  defaultPrompts,
  withoutKernelLines,
  type PromptKind,
  type Prompts,
} from './login-prompts.ts';

/** How to log in. Prompts are searched for in the last line of the output, once the device is silent. */
export interface LoginOptions {
  readonly user: string;
  /** absent if the device does not ask for one */
  readonly password?: string;
  /** default `login: `, but not that of "Last login: ", and `Username: ` */
  readonly loginPrompt?: Pattern;
  /** default `Password: ` */
  readonly passwordPrompt?: Pattern;
  /** default: one of `# $ % >` and a blank at the end; after a log-in, also any line that repeats when Enter is pressed */
  readonly shellPrompt?: Pattern;
  /** what the device prints when it refuses the log-in; default "Login incorrect" and similar messages */
  readonly failurePattern?: Pattern;
  /** how often the user name is typed before the login counts as refused; default 2, because noise may spoil the first */
  readonly attempts?: number;
  /** for how long a refused login is retried, in `ms`; default 0. Some devices set passwords late */
  readonly retryMs?: number;
  /**
   * after how much silence to press Enter, in case a prompt was missed or interrupted, in `ms`; default 5000, 0 never.
   * If the device is never silent, Enter is pressed after two to six times as long.
   */
  readonly nudgeMs?: number;
  /** how long to wait before a prompt is answered, in `ms`; default 150: many programs flush their input after the prompt */
  readonly settleMs?: number;
}

const defaults = {
  failurePattern: /Login incorrect|Authentication failure|Login failed|Maximum number of tries|Access denied/i as Pattern,
  attempts: 2,
  retryMs: 0,
  nudgeMs: 5000,
  settleMs: 150,
};
const awaited = 'a login or shell prompt';

/** How often a login prompt may come again without a refusal. */
const repeatedPrompts = 2;

/** How many times longer to wait with an answer if the device has printed something else since the last answer. */
const doubtful = 12;

/** How long to wait before a refused login is retried, in `ms`: some devices lock users who try too often. */
const pauseMs = 3000;

type Settings = typeof defaults & LoginOptions & { readonly prompts: Prompts };

/**
 * Logs in, or does nothing if a shell is already there. Presses Enter while the console stays silent.
 * @throws LoginError when the device refuses the user name and password, or asks for a password and none is given
 * @throws ConsoleTimeoutError when no prompt comes in time
 * @throws ConsoleClosedError when the console ends
 */
export async function logIn(console: SerialConsole, options: LoginOptions, wait: Wait): Promise<void> {
  const settings = { ...defaults, ...options, prompts: promptsOf(options) };
  const conversation = new Conversation(console, settings);
  try {
    await console.claim({ ...wait, awaited }, (signal) => conversation.hold(signal));
  } catch (error) {
    throw error instanceof ConsoleTimeoutError ? (conversation.refusal ?? error) : error;
  }
}

/** Whether the console ends with a prompt for a user name, such as after the device has logged out by itself. */
export function isLoggedOut(console: SerialConsole, options: LoginOptions): boolean {
  return promptAtEnd(withoutKernelLines(console.lastText), promptsOf(options)) === 'login';
}

function promptsOf({ loginPrompt, passwordPrompt, shellPrompt }: LoginOptions): Prompts {
  return {
    login: loginPrompt ?? defaultPrompts.login,
    password: passwordPrompt ?? defaultPrompts.password,
    shell: shellPrompt ?? defaultPrompts.shell,
  };
}

/** What the console shows; a device may refuse and ask again in one go. */
interface Seen {
  readonly prompt: PromptKind | undefined;
  readonly isRefusal: boolean;
}

/** One login, from the first prompt to the shell's. */
class Conversation {
  readonly #console: SerialConsole;
  readonly #settings: Settings;
  readonly #startMs = performance.now();
  #hasSentPassword = false;
  #tries = 0;
  #refusals = 0;
  /** the last line when Enter was last pressed because nothing was recognised */
  #lineAtEnter = '';

  constructor(console: SerialConsole, settings: Settings) {
    this.#console = console;
    this.#settings = settings;
  }

  /** The error to throw after the deadline if the device has refused a log-in. */
  get refusal(): LoginError | undefined {
    return this.#refusals === 0 ? undefined : this.#refused(this.#refusedText());
  }

  async hold(signal: AbortSignal): Promise<void> {
    const { user, password } = this.#settings;
    for (;;) {
      const { prompt, isRefusal } = await this.#look(signal);
      this.#console.discard(); // it gets its answer below
      this.#lineAtEnter = '';
      if (prompt === 'shell') return;
      // a login prompt that comes again without a password in between is not a refusal: it may answer an earlier Enter
      if (isRefusal || (prompt === 'login' && this.#hasSentPassword)) await this.#takeRefusal(signal);
      if (prompt === 'password') {
        const isOurs = this.#tries > 0;
        if (isOurs && password === undefined) throw this.#refused('the device asks for a password and none is configured');
        if (this.#hasSentPassword) throw this.#refused('the device asks for a password again, perhaps for a new one');
        this.#hasSentPassword = isOurs;
        // not for us, because no name was typed: back to the login prompt
        await this.#console.sendLine(isOurs ? password : '', { signal, secret: true });
      } else if (prompt === 'login') {
        this.#hasSentPassword = false;
        if (this.#tries >= this.#refusals + this.#settings.attempts + repeatedPrompts) throw this.#refused(this.#refusedText());
        await this.#console.sendLine(user, { signal });
        this.#tries += 1;
      }
    }
  }

  async #takeRefusal(signal: AbortSignal): Promise<void> {
    const { attempts, retryMs } = this.#settings;
    this.#refusals += 1;
    this.#hasSentPassword = false;
    if (this.#refusals < attempts) return;
    const leftMs = retryMs - (performance.now() - this.#startMs);
    if (leftMs <= 0) throw this.#refused(this.#refusedText());
    if (this.#refusals === attempts) {
      const seconds = (leftMs / 1000).toFixed(0);
      log(
        'alpy.console',
        `login refused; trying again for ${seconds} s (login.retryMs), in case the device sets its passwords late`,
      );
    }
    const untilMs = performance.now() + Math.min(pauseMs, leftMs);
    for (let restMs = pauseMs; restMs > 0; restMs = untilMs - performance.now()) {
      await this.#console.more(awaited, { timeoutMs: restMs, signal });
    }
  }

  /** Waits until the console stands at a prompt, or the device has refused. */
  async #look(signal: AbortSignal): Promise<Seen> {
    const fromMs = performance.now(); // when we last answered or pressed Enter
    let [text, changedMs, enterMs] = [this.#text(), fromMs, fromMs];
    for (;;) {
      const seen = this.#classify(text);
      const nowMs = performance.now();
      const dueMs = seen ? changedMs + this.#settleMs(text, seen) : this.#enterAtMs(enterMs);
      if (seen && nowMs >= dueMs) return seen;
      if (!seen && nowMs >= dueMs) {
        this.#lineAtEnter = lastLine(text);
        this.#console.discard();
        await this.#console.sendLine('', { signal });
        enterMs = performance.now();
      } else await this.#console.more(awaited, { timeoutMs: Math.min(dueMs - nowMs, 2 ** 31 - 1), signal });
      const now = this.#text();
      if (now !== text) changedMs = performance.now();
      text = now;
    }
  }

  #text(): string {
    return withoutKernelLines(this.#console.peek());
  }

  #classify(text: string): Seen | undefined {
    const { prompts, failurePattern } = this.#settings;
    const prompt = promptAtEnd(text, prompts) ?? this.#promptAfterEnter(text);
    // before the first try, boot messages may complain of denied access
    const isRefusal = this.#tries > 0 && prompt !== 'shell' && isIn(text, failurePattern);
    return prompt || isRefusal ? { prompt, isRefusal } : undefined;
  }

  /** A line that repeats after Enter is a prompt; once logged in, a command can prove that it is a shell's. */
  #promptAfterEnter(text: string): PromptKind | undefined {
    const isSame = this.#lineAtEnter.trim() !== '' && lastLine(text) === this.#lineAtEnter;
    return this.#tries > 0 && isSame ? 'shell' : undefined;
  }

  /** A prompt that directly follows our answer is certain; other text may only look like one. */
  #settleMs(text: string, { prompt, isRefusal }: Seen): number {
    const { settleMs, user } = this.#settings;
    if (this.#tries === 0 || isRefusal || prompt === 'shell') return settleMs;
    const others = text.slice(0, text.length - lastLine(text).length).split(/\r?\n/);
    const isSure = others.every((line) => line.trim() === '' || line.trim() === user);
    return isSure ? settleMs : settleMs * doubtful;
  }

  /** When to press Enter if no more output comes. */
  #enterAtMs(sinceMs: number): number {
    const { nudgeMs } = this.#settings;
    if (nudgeMs <= 0) return Infinity;
    const quietSinceMs = performance.now() - this.#console.quietMs;
    const inSilence = Math.max(sinceMs, quietSinceMs) + nudgeMs;
    // a device that prints now and then: in a pause, but not in the countdown of a boot loader
    const inPause = Math.max(sinceMs + 2 * nudgeMs, quietSinceMs + nudgeMs / 4);
    return Math.min(inSilence, inPause, sinceMs + 6 * nudgeMs);
  }

  #refusedText(): string {
    const seconds = ((performance.now() - this.#startMs) / 1000).toFixed(0);
    const { retryMs } = this.#settings;
    return `the device refused it ${this.#tries} times${retryMs > 0 ? ` in ${seconds} s` : ''}`;
  }

  #refused(reason: string): LoginError {
    return new LoginError(this.#console.name, this.#settings.user, reason, this.#console.tail);
  }
}
