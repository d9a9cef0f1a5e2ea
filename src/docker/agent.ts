// SPDX-License-Identifier: GPL-3.0-or-later
import { raceWithSignal, withDeadline, type Wait } from '../core/deadline.ts';
import type { Fault } from '../core/errors.ts';
import { markHandled } from '../core/mark-handled.ts';
import { printfEscape, quoteWord } from '../core/text.ts';
import type { Container } from './container.ts';
import { ContainerDiedError, ExecError, ExecTimeoutError } from './errors.ts';
import { exitStatusOf, type ExitStatus } from './exit-status.ts';

/**
 * First process of a container that takes commands on its standard input, one a line, escaped for `printf %b`. It answers
 * with their output, a NUL and the status; on standard error with a NUL. It ends when its input does, or at `!quit`. At `!kill`
 * it kills all other processes of its PID namespace but the first one: itself, since a child of it would kill it, too; and
 * only where that first one is `tini`, so that it never does so outside of a container. No command is escaped to these.
 */
export const agentLoop = `while IFS= read -r line; do
case $line in
'!quit') exit ;;
'!kill') read -r first </proc/1/comm; [ "$first" = tini ] && kill -s KILL -- -1 ;;
*) (set -e; eval "$(printf %b "$line")") </dev/null ;;
esac
printf '\\0%d\\n' "$?"; printf '\\0' >&2
done`;

/** What a job prints when it has ended: its number and its status. One write, so nothing can come in between. */
const jobEnd = /\u0001(\d+) (\d+)\n/;

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
  readonly #jobs = new Map<number, PromiseWithResolvers<ExitStatus>>();
  #lastJobId = 0;
  #stdout = '';
  #stderr = '';

  constructor(container: Container) {
    this.#container = container;
    container.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#endJobs();
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
   * @param otherwise - whose fault it is when one does and does not tell; they are ours and depend on no device
   * @returns what they printed on standard output
   * @throws ExecError when one fails
   * @throws ExecTimeoutError when they have not ended in time; those of the next call start when they have
   * @throws ContainerDiedError when the container ends meanwhile
   */
  async run(script: string, wait: Wait, otherwise: Fault = 'environment'): Promise<string> {
    const { name } = this.#container;
    const { stdout, stderr, status } = await withDeadline(
      wait,
      (cause) => new ExecTimeoutError(`${name}: ${script}: not done after ${wait.timeoutMs} ms`, { cause }),
      () => this.#send(script),
    );
    if (status !== 0) throw new ExecError(name, ['sh', '-ec', script], exitStatusOf(status), stdout, stderr, otherwise);
    return stdout;
  }

  /**
   * Begins to run lines of shell beside all others. What they print goes nowhere.
   * @returns how they ended; that stays open for those that {@link Agent.killOthers} kills
   * @throws what {@link Agent.run} throws, when they cannot be begun
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
    markHandled(job.promise); // who waits for its end is told
    this.#jobs.set(id, job);
    const report = `printf '\\001%d %d\\n' ${id} "$alpy_s"`;
    await this.run(`{ alpy_s=0; (\n${script}\n) >/dev/null 2>&1 || alpy_s=$?; ${report}; } 2>/dev/null &`, wait);
    return { ended: job.promise };
  }

  /**
   * Runs a program beside all others, that prints text without NUL; a status other than 0 is no error here. It costs less than an exec.
   * @throws ExecTimeoutError when it does not end in time; it goes on by itself, at the latest to the end of the container
   * @throws ContainerDiedError when the container ends meanwhile
   */
  async runInBackground(
    command: readonly string[],
    wait: Wait,
  ): Promise<{ readonly exitStatus: ExitStatus; readonly stdout: string; readonly stderr: string }> {
    const { name } = this.#container;
    return withDeadline(
      wait,
      (cause) => new ExecTimeoutError(`${name}: ${command.join(' ')}: not done after ${wait.timeoutMs} ms`, { cause }),
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
   * Kills all processes of its PID namespace, but the first one and the agent's own; jobs then never end.
   * @throws what {@link Agent.run} throws
   */
  async killOthers(wait: Wait): Promise<void> {
    const { name } = this.#container;
    const { status } = await withDeadline(
      wait,
      (cause) => new ExecTimeoutError(`${name}: its processes are not killed after ${wait.timeoutMs} ms`, { cause }),
      () => this.#sendLine('!kill'),
    );
    if (status !== 0) throw new ExecError(name, ['kill', '-1'], exitStatusOf(status), '', '', 'environment');
  }

  /** Has it end, after the commands before. */
  quit(): void {
    this.#container.stdin.write('!quit\n');
  }

  async #send(script: string): Promise<Answer> {
    return this.#sendLine(printfEscape(Buffer.from(script)));
  }

  async #sendLine(line: string): Promise<Answer> {
    const { exitStatus, name } = this.#container;
    if (exitStatus) throw new ContainerDiedError(name, exitStatus, this.#stderr);
    const answer = Promise.withResolvers<Answer>();
    this.#waiting.push(answer);
    this.#container.stdin.write(`${line}\n`);
    return answer.promise;
  }

  #endJobs(): void {
    for (let end = jobEnd.exec(this.#stdout); end; end = jobEnd.exec(this.#stdout)) {
      this.#stdout = this.#stdout.slice(0, end.index) + this.#stdout.slice(end.index + end[0].length);
      const id = Number(end[1]);
      this.#jobs.get(id)?.resolve(exitStatusOf(Number(end[2])));
      this.#jobs.delete(id);
    }
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
    for (const { reject } of [...this.#waiting.splice(0), ...this.#jobs.values()]) reject(error);
  }
}
