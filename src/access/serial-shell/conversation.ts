// SPDX-License-Identifier: GPL-3.0-or-later
import { log } from '../../core/step.ts';
import type { Pattern } from '../../core/pattern.ts';
import { escapeBytes } from '../../core/text.ts';
import type { SerialConsole } from '../../console/index.ts';
import { LoginError, LoginStepError } from './errors.ts';
import type { LoginOptions } from './login-options.ts';
import { isIn, lastLine, promptAtEnd, withoutKernelLines, type PromptKind, type Prompts } from './login-prompts.ts';
import { StepList } from './login-steps.ts';
import { Passwords } from './passwords.ts';

export const loginDefaults = {
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

/** How to log in, with all defaults. */
export type Settings = typeof loginDefaults & LoginOptions & { readonly prompts: Prompts; readonly isPasswordNew: boolean };

/** What the console shows; a device may refuse and ask again in one go. */
interface Seen {
  readonly prompt: PromptKind | undefined;
  readonly isRefusal: boolean;
  /** the number of the step to answer, from 0 */
  readonly step?: number;
}

/** One login, from the first prompt to the shell's. */
export class Conversation {
  readonly #console: SerialConsole;
  readonly #settings: Settings;
  readonly #startMs = performance.now();
  readonly #steps: StepList;
  readonly #passwords: Passwords;
  #hasSentPassword = false;
  #tries = 0;
  #refusals = 0;
  /** whether a shell was there before the device had asked what a step answers */
  #isAheadOfSteps = false;
  /** the last line when Enter was last pressed because nothing was recognised */
  #lineAtEnter = '';

  constructor(console: SerialConsole, settings: Settings) {
    const { steps, password, newPassword, isPasswordNew } = settings;
    this.#console = console;
    this.#settings = settings;
    this.#steps = new StepList(steps ?? []);
    this.#passwords = new Passwords(password, newPassword, isPasswordNew);
  }

  /** what is awaited first, for people */
  get awaited(): string {
    return this.#steps.missing === 0 ? `${awaited}, or ${this.#steps.nameOf(0)}` : awaited;
  }

  /** whether the device now takes `newPassword` */
  get isPasswordNew(): boolean {
    return this.#passwords.isNewInForce;
  }

  /** The error to throw after the deadline if the device has refused a log-in, or has not asked what a step answers. */
  explain(cause: unknown): LoginError | LoginStepError | undefined {
    const { missing, hasBegun } = this.#steps;
    const isOpen = missing !== undefined && this.#hasSentPassword; // the last password was not refused
    if (this.#refusals > 0 && !isOpen) return this.#refused(this.#refusedText());
    if (missing === undefined || (this.#tries === 0 && !hasBegun && !this.#isAheadOfSteps)) return undefined;
    const { name, tail } = this.#console;
    return new LoginStepError(name, this.#steps.nameOf(missing), tail, { cause });
  }

  async hold(signal: AbortSignal): Promise<void> {
    for (;;) {
      const { prompt, isRefusal, step } = await this.#look(signal);
      this.#console.discard(); // it gets its answer below
      this.#lineAtEnter = '';
      if (prompt === 'shell') return;
      // a login prompt that comes again without a password in between is not a refusal: it may answer an earlier Enter
      if (isRefusal || (prompt === 'login' && this.#hasSentPassword)) await this.#takeRefusal(signal);
      if (step !== undefined) await this.#answerStep(step, signal);
      else if (prompt === 'login') await this.#sendUser(signal);
      else if (prompt === 'password') await this.#sendPassword(signal);
      else if (prompt !== undefined) await this.#changePassword(prompt, signal);
    }
  }

  async #answerStep(index: number, signal: AbortSignal): Promise<void> {
    const step = this.#steps.take(index);
    if (!step) return;
    const { send, secret = false, enter = true } = step;
    log('alpy.console', `answer ${this.#steps.nameOf(index)}${secret ? '' : ` with "${escapeBytes(Buffer.from(send))}"`}`);
    if (enter) await this.#console.sendLine(send, { signal, secret });
    else await this.#console.send(send, { signal, secret });
  }

  async #sendUser(signal: AbortSignal): Promise<void> {
    const { user, attempts } = this.#settings;
    this.#hasSentPassword = false;
    if (this.#tries >= this.#refusals + attempts + repeatedPrompts) throw this.#refused(this.#refusedText());
    await this.#console.sendLine(user, { signal });
    this.#tries += 1;
  }

  async #sendPassword(signal: AbortSignal): Promise<void> {
    if (this.#tries === 0) {
      await this.#console.sendLine('', { signal, secret: true }); // not for us, because no name was typed: back to the login prompt
      return;
    }
    // some devices ask again without a word; that refuses the first of two passwords
    if (this.#hasSentPassword && this.#refusals + 1 < this.#passwords.count) this.#refusals += 1;
    else if (this.#hasSentPassword)
      throw this.#refused('the device asks for a password again, perhaps for a new one (login.newPassword)');
    const password = this.#passwords.current(this.#refusals);
    if (password === undefined) throw this.#refused('the device asks for a password and none is configured');
    this.#hasSentPassword = true;
    await this.#console.sendLine(password, { signal, secret: true });
  }

  async #changePassword(prompt: PromptKind, signal: AbortSignal): Promise<void> {
    const password = prompt === 'newPassword' ? this.#passwords.answer() : this.#passwords.typed;
    if (password === undefined) throw this.#refused('the device does not accept login.newPassword');
    this.#hasSentPassword = false; // it may ask for the name and the new password now
    await this.#console.sendLine(password, { signal, secret: true });
  }

  async #takeRefusal(signal: AbortSignal): Promise<void> {
    const { retryMs } = this.#settings;
    const attempts = this.#settings.attempts * this.#passwords.count;
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
    const step = this.#steps.find(text);
    if (step !== undefined) return { prompt: undefined, isRefusal: false, step };
    const found = promptAtEnd(text, prompts) ?? this.#promptAfterEnter(text);
    const isAhead = found === 'shell' && this.#steps.missing !== undefined; // the log-in is not over
    this.#isAheadOfSteps ||= isAhead;
    const prompt = isAhead ? undefined : found;
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
  #settleMs(text: string, { prompt, isRefusal, step }: Seen): number {
    const { settleMs, user } = this.#settings;
    if (this.#tries === 0 || isRefusal || prompt === 'shell' || step !== undefined) return settleMs;
    const others = text.slice(0, text.length - lastLine(text).length).split(/\r?\n/);
    const isSure = others.every((line) => line.trim() === '' || line.trim() === user);
    return isSure ? settleMs : settleMs * doubtful;
  }

  /** When to press Enter if no more output comes. */
  #enterAtMs(sinceMs: number): number {
    const { nudgeMs } = this.#settings;
    // the device may be busy for long, and Enter would then answer its next question
    const isBetweenSteps = this.#steps.hasBegun && this.#steps.missing !== undefined;
    if (nudgeMs <= 0 || isBetweenSteps) return Infinity;
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
