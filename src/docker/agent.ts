// SPDX-License-Identifier: GPL-3.0-or-later
import { raceWithSignal, withDeadline, type Wait } from '../core/deadline.ts';
import type { Fault } from '../core/errors.ts';
import { markHandled } from '../core/mark-handled.ts';
import { logUnscoped } from '../core/step.ts';
import { oneLine, printfEscape, quoteWord } from '../core/text.ts';
import type { Container } from './container.ts';
import { commandText, ContainerDiedError, ExecError, ExecTimeoutError } from './errors.ts';
import { exitStatusOf, type ExitStatus } from '../core/exit-status.ts';

/**
 * Shell program for the first process of a container. It reads commands from its standard input, one per line, escaped for
 * `printf %b`. On standard output it answers with a command's output, a NUL and the status; on standard error with the output
 * and a NUL. It exits at the end of its input or at `!quit`. At `!kill` it kills all other processes of its PID namespace
 * except the first one, if there are any. It does so itself, because a child would kill it too, and only if the first process is `tini`, so
 * that this never happens outside a container. Escaped commands never begin with `!`.
 */
export const agentLoop = `while IFS= read -r line; do
case $line in
'!quit') exit ;;
'!kill') read -r first </proc/1/comm; [ "$first" = tini ] && { kill -s KILL -- -1 2>/dev/null || :; } ;;
*) (set -e; eval "$(printf %b "$line")") </dev/null ;;
esac
printf '\\0%d\\n' "$?"; printf '\\0' >&2
done`;

/** A job prints this when it ends: its number and its status, in one write, so that no other output can come in between. */
const jobEnds = /\u0001(\d+) (\d+)\n/g;

/** Longest answer with what was printed before it, in characters. */
const maxUnread = 8 * 1024 ** 2;

interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

/**
 * Runs shell scripts in a container that runs {@link agentLoop}. That takes a few `ms`; an exec takes about ten times as long.
 * Scripts run one at a time, in the order of the calls.
 */
export class Agent {
  readonly #container: Container;
  readonly #waiting: PromiseWithResolvers<Answer>[] = [];
  readonly #jobs = new Map<number, PromiseWithResolvers<ExitStatus>>();
  /** why no call is answered any more, if the daemon is lost */
  #lost: { readonly reason: unknown } | undefined;
  #lastJobId = 0;
  #stdout = '';
  #stderr = '';

  constructor(container: Container) {
    this.#container = container;
    container.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#endJobs();
      this.#answer();
      this.#bound();
    });
    container.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#answer();
      this.#bound();
    });
    void this.#failAtExit();
  }

  /**
   * Runs a shell script with `set -e`.
   * @param otherwise - fault of a failure that its output does not explain; by default not the device's, because alpy's own
   *   scripts do not depend on it
   * @returns its standard output
   * @throws ExecError if it fails
   * @throws ExecTimeoutError if it does not end in time; the script of the next call starts if it has ended
   * @throws ContainerDiedError if the container ends before the script
   */
  async run(script: string, wait: Wait, otherwise: Fault = 'environment'): Promise<string> {
    const { name } = this.#container;
    const { stdout, stderr, status } = await withDeadline(
      wait,
      (cause) => new ExecTimeoutError(name, `the end of ${oneLine(script)}`, wait.timeoutMs, { cause }, 'environment'),
      () => this.#send(script),
    );
    if (status !== 0) throw new ExecError(name, ['sh', '-ec', script], exitStatusOf(status), stdout, stderr, otherwise);
    return stdout;
  }

  /**
   * Starts a shell script as a background job. Its output is discarded.
   * @returns its exit status; never settles if {@link Agent.killOthers} kills the job
   * @throws what {@link Agent.run} throws, if the job cannot be started
   */
  async start(script: string, wait: Wait): Promise<{ readonly ended: Promise<ExitStatus> }> {
    return this.#startJob(this.#newJobId(), script, wait);
  }

  #newJobId(): number {
    this.#lastJobId += 1;
    return this.#lastJobId;
  }

  async #startJob(id: number, script: string, wait: Wait): Promise<{ readonly ended: Promise<ExitStatus> }> {
    const job = Promise.withResolvers<ExitStatus>();
    markHandled(job.promise); // whoever awaits it gets the error
    this.#jobs.set(id, job);
    const report = `printf '\\001%d %d\\n' ${id} "$alpy_s"`;
    await this.run(`{ alpy_s=0; (\n${script}\n) >/dev/null 2>&1 || alpy_s=$?; ${report}; } 2>/dev/null &`, wait);
    return { ended: job.promise };
  }

  /**
   * Runs a program as a background job. Its output must be text without NUL. A status other than 0 is not an error here. Costs
   * less than an exec.
   * @throws ExecTimeoutError if it does not end in time; it keeps running, at most until the container ends
   * @throws ContainerDiedError if the container ends before the program
   */
  async runInBackground(
    command: readonly string[],
    wait: Wait,
  ): Promise<{ readonly exitStatus: ExitStatus; readonly stdout: string; readonly stderr: string }> {
    const { name } = this.#container;
    return withDeadline(
      wait,
      (cause) => new ExecTimeoutError(name, `the end of ${commandText(command)}`, wait.timeoutMs, { cause }),
      async (signal) => {
        const rest = { timeoutMs: wait.timeoutMs, signal };
        const id = this.#newJobId();
        const file = `/tmp/alpy-job${id}`;
        const { ended } = await this.#startJob(id, `exec ${command.map(quoteWord).join(' ')} >${file}.out 2>${file}.err`, rest);
        const exitStatus = await raceWithSignal(ended, signal);
        const printed = await this.run(`cat ${file}.out; printf '\\002'; cat ${file}.err; rm ${file}.out ${file}.err`, rest);
        const [stdout = '', stderr = ''] = printed.split('\u0002');
        return { exitStatus, stdout, stderr };
      },
    );
  }

  /**
   * Kills all processes of its PID namespace except the first one and the agent itself. The promises of killed jobs never settle.
   * @throws what {@link Agent.run} throws
   */
  async killOthers(wait: Wait): Promise<void> {
    const { name } = this.#container;
    const { status } = await withDeadline(
      wait,
      (cause) => new ExecTimeoutError(name, 'the end of its processes', wait.timeoutMs, { cause }, 'environment'),
      () => this.#sendLine('!kill'),
    );
    if (status !== 0) throw new ExecError(name, ['kill', '-1'], exitStatusOf(status), '', '', 'environment');
    this.#jobs.clear(); // they keep whoever waits for them
  }

  /** Makes it exit after the scripts that were sent before. */
  quit(): void {
    this.#container.stdin.write('!quit\n');
  }

  async #send(script: string): Promise<Answer> {
    return this.#sendLine(printfEscape(Buffer.from(script)));
  }

  async #sendLine(line: string): Promise<Answer> {
    const { exitStatus, name } = this.#container;
    if (exitStatus) throw new ContainerDiedError(name, exitStatus, this.#stderr);
    if (this.#lost) throw this.#lost.reason;
    const answer = Promise.withResolvers<Answer>();
    this.#waiting.push(answer);
    this.#container.stdin.write(`${line}\n`);
    return answer.promise;
  }

  #endJobs(): void {
    if (!this.#stdout.includes('\u0001')) return;
    this.#stdout = this.#stdout.replace(jobEnds, (_, id: string, status: string) => {
      this.#jobs.get(Number(id))?.resolve(exitStatusOf(Number(status)));
      this.#jobs.delete(Number(id));
      return '';
    });
  }

  #answer(): void {
    for (;;) {
      const end = /\0(\d+)\n/.exec(this.#stdout);
      const errorEnd = this.#stderr.indexOf('\0');
      if (!end || errorEnd < 0) return;
      const [stdout, stderr] = [this.#stdout.slice(0, end.index), this.#stderr.slice(0, errorEnd)];
      this.#stdout = this.#stdout.slice(end.index + end[0].length);
      this.#stderr = this.#stderr.slice(errorEnd + 1);
      this.#waiting.shift()?.resolve({ stdout, stderr, status: Number(end[1]) });
    }
  }

  /** Kills the container if it prints without end. A program in it may write to the agent's output. */
  #bound(): void {
    if (this.#stdout.length + this.#stderr.length <= maxUnread) return;
    logUnscoped('alpy.docker', `${this.#container.name} is killed: it printed more than ${maxUnread} characters in one answer`);
    [this.#stdout, this.#stderr] = ['', ''];
    this.#container.stdout.removeAllListeners('data').resume();
    this.#container.stderr.removeAllListeners('data').resume();
    markHandled(this.#container.kill());
  }

  async #failAtExit(): Promise<void> {
    const { name, exited } = this.#container;
    const reason: unknown = await exited.then(
      (status) => new ContainerDiedError(name, status, this.#stderr),
      (cause: unknown) => {
        this.#lost = { reason: cause };
        return cause;
      },
    );
    for (const { reject } of [...this.#waiting.splice(0), ...this.#jobs.values()]) reject(reason);
  }
}
