// SPDX-License-Identifier: GPL-3.0-or-later
import type { SerialConsole } from '../../console/index.ts';
import { LoggedOutError, OutputTooLongError, PagerError } from './errors.ts';
import { pagerPrompt } from './pager.ts';

/** What {@link CommandWatch} allows. */
export interface WatchLimits {
  /** most output of one command, in `bytes`; default 16 MiB */
  readonly outputBytes?: number | undefined;
  /** for how long nothing may follow the prompt of a pager or a log-in before it counts as one, in `ms`; default 1500 */
  readonly promptMs?: number | undefined;
}

export const defaultOutputBytes = 16 * 1024 * 1024;
const defaultPromptMs = 1500;
/** How much of the last output is searched for a prompt, in characters. */
const tailLength = 400;

const loginPrompt = /(?<!Last )\blogin: *$/;

/** Watches the output of one command: is it too long, does a pager wait for a key, has the log-in shell ended? */
export class CommandWatch implements Disposable {
  readonly #abort = new AbortController();
  readonly #stop: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #title: string;
  readonly #console: SerialConsole;
  readonly #keepsState: boolean;
  readonly #outputBytes: number;
  #isBegun = false;
  #bytes = 0;
  #lines = 0;
  #tail = '';

  /**
   * @param title - name of the command in messages
   * @param keepsState - whether it runs in the log-in shell, and so can end that
   */
  constructor(console: SerialConsole, title: string, keepsState: boolean, limits: WatchLimits = {}) {
    const { outputBytes = defaultOutputBytes, promptMs = defaultPromptMs } = limits;
    this.#outputBytes = outputBytes;
    this.#title = title;
    this.#keepsState = keepsState;
    this.#console = console;
    this.#timer = setTimeout(() => {
      this.#lookForPrompt();
    }, promptMs);
    this.#stop = console.observe((chunk) => {
      this.#take(chunk);
    });
  }

  /** fires with a {@link PagerError}, an {@link OutputTooLongError} or a {@link LoggedOutError} */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Call this when the command begins: earlier output is not its own. */
  begin(): void {
    this.#isBegun = true;
    this.#timer.refresh();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#stop();
  }

  #take(chunk: Buffer): void {
    this.#timer.refresh();
    const text = chunk.toString('latin1');
    this.#tail = (this.#tail + text).slice(-tailLength);
    if (this.#isBegun) this.#bytes += chunk.length;
    this.#lines += text.split('\n').length - 1;
    if (this.#bytes <= this.#outputBytes) return;
    this.#abort.abort(new OutputTooLongError(this.#console.name, this.#title, this.#outputBytes));
  }

  #lookForPrompt(): void {
    if (!this.#isBegun) return;
    const { name, tail } = this.#console;
    const prompt = pagerPrompt(this.#tail, this.#lines);
    if (prompt !== undefined) this.#abort.abort(new PagerError(name, this.#title, prompt));
    else if (this.#keepsState && loginPrompt.test(this.#tail)) this.#abort.abort(new LoggedOutError(name, this.#title, tail));
  }
}
