// SPDX-License-Identifier: GPL-3.0-or-later
import { withDeadline, type Wait } from '../core/deadline.ts';
import type { Container } from './container.ts';
import { ContainerDiedError, ExecError, ExecTimeoutError } from './errors.ts';
import { exitStatusOf } from './exit-status.ts';

/**
 * First process of a container that takes commands on its standard input, one a line, escaped for `printf %b`. It answers
 * with their output, a NUL and the status; on standard error with a NUL. It ends when its input does.
 */
export const agentLoop = `while IFS= read -r line; do
(set -e; eval "$(printf %b "$line")") </dev/null
printf '\\0%d\\n' "$?"; printf '\\0' >&2
done`;

interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

/**
 * Runs lines of shell in a container that runs {@link agentLoop}: in a few `ms`, where an exec costs the daemon some ten times
 * as much. One at a time, in the order of the calls.
 */
export class Agent {
  readonly #container: Container;
  readonly #waiting: PromiseWithResolvers<Answer>[] = [];
  #stdout = '';
  #stderr = '';

  constructor(container: Container) {
    this.#container = container;
    container.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#answer();
    });
    container.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#answer();
    });
    void this.#failAtExit();
  }

  /**
   * Runs lines of shell, of which none may fail.
   * @returns what they printed on standard output
   * @throws ExecError when one fails
   * @throws ExecTimeoutError when they have not ended in time; those of the next call start when they have
   * @throws ContainerDiedError when the container ends meanwhile
   */
  async run(script: string, wait: Wait): Promise<string> {
    const { name } = this.#container;
    const { stdout, stderr, status } = await withDeadline(
      wait,
      (cause) => new ExecTimeoutError(`${name}: ${script}: not done after ${String(wait.timeoutMs)} ms`, { cause }),
      () => this.#send(script),
    );
    if (status !== 0) throw new ExecError(name, ['sh', '-ec', script], exitStatusOf(status), stdout, stderr);
    return stdout;
  }

  async #send(script: string): Promise<Answer> {
    const { exitStatus, name } = this.#container;
    if (exitStatus) throw new ContainerDiedError(name, exitStatus, this.#stderr);
    const answer = Promise.withResolvers<Answer>();
    this.#waiting.push(answer);
    this.#container.stdin.write(`${escapeLine(script)}\n`);
    return answer.promise;
  }

  #answer(): void {
    const end = /\0(\d+)\n/.exec(this.#stdout);
    const errorEnd = this.#stderr.indexOf('\0');
    if (!end || errorEnd < 0) return;
    const [stdout, stderr] = [this.#stdout.slice(0, end.index), this.#stderr.slice(0, errorEnd)];
    this.#stdout = this.#stdout.slice(end.index + end[0].length);
    this.#stderr = this.#stderr.slice(errorEnd + 1);
    this.#waiting.shift()?.resolve({ stdout, stderr, status: Number(end[1]) });
    this.#answer();
  }

  async #failAtExit(): Promise<void> {
    const { name, exited } = this.#container;
    const error = await exited.then(
      (status) => new ContainerDiedError(name, status, this.#stderr),
      (cause: unknown) => cause, // the daemon is gone
    );
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** Makes one line of any text, as `printf %b` reads it. */
export function escapeLine(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) =>
      /[\w ./:=-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `\\0${byte.toString(8).padStart(3, '0')}`,
    )
    .join('');
}
