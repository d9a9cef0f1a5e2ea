// SPDX-License-Identifier: GPL-3.0-or-later
import { raceWithSignal, withDeadline, type Wait } from '../../core/deadline.ts';
import { quoteWord } from '../../core/text.ts';
import { commandText, ExecTimeoutError, type Agent, type ExecResult, type ExecSpec } from '../../docker/index.ts';

/** How much of an output is kept, in `bytes`, as in containers. */
const keptBytes = 16 * 1024 ** 2;

/** How much is sent in one script, in `bytes`: the guest reads it byte by byte, and other commands wait meanwhile. */
const inputBytes = 64 * 1024;

/** How much is read with one script, in `bytes`. */
const outputBytes = 3 * 1024 ** 2;

/** How long the clean-up after a command may take, in `ms`. */
const cleanUpTimeoutMs = 10_000;

/** Runs programs in a guest as `exec` does in a container: any bytes may go in and out. */
export class GuestCommands {
  readonly #name: string;
  readonly #agent: Agent;
  #count = 0;

  /** @param name - of the node @param agent - that of the guest */
  constructor(name: string, agent: Agent) {
    this.#name = name;
    this.#agent = agent;
  }

  /**
   * Runs a program and returns the last 16 MiB of each output. A status other than 0 is not an error here.
   * @throws ExecTimeoutError if it does not end in time; it keeps running, at most until the testbed ends
   * @throws ContainerDiedError if the guest ends before the program
   */
  async exec({ command, input, environment }: ExecSpec, wait: Wait): Promise<ExecResult> {
    const onTimeout = (cause: unknown): ExecTimeoutError =>
      new ExecTimeoutError(this.#name, `the end of ${commandText(command)}`, wait.timeoutMs, { cause });
    return withDeadline(wait, onTimeout, async (signal) => {
      const rest = { timeoutMs: wait.timeoutMs, signal };
      this.#count += 1;
      const file = `/tmp/.alpy${this.#count}`;
      await this.#write(`${file}.in`, Buffer.from(input ?? ''), rest);
      const variables = Object.entries(environment ?? {}).map(([name, value]) => quoteWord(`${name}=${value}`));
      const words = [...(variables.length > 0 ? ['env', ...variables] : []), ...command.map(quoteWord)];
      const script = `cd /; exec ${words.join(' ')} <${file}.in >${file}.out 2>${file}.err`;
      const { ended } = await this.#agent.start(script, rest);
      const exitStatus = await raceWithSignal(ended, signal);
      const [stdout, stderr] = [await this.#read(`${file}.out`, rest), await this.#read(`${file}.err`, rest)];
      await this.#agent.run(`rm -f ${file}.in ${file}.out ${file}.err`, { timeoutMs: cleanUpTimeoutMs, signal });
      const droppedBytes = stdout.droppedBytes + stderr.droppedBytes;
      return { exitStatus, stdout: stdout.bytes, stderr: stderr.bytes, droppedBytes };
    });
  }

  async #write(file: string, bytes: Buffer, wait: Wait): Promise<void> {
    await this.#agent.run(`: >${file}`, wait);
    for (let from = 0; from < bytes.length; from += inputBytes) {
      const text = bytes.subarray(from, from + inputBytes).toString('base64');
      await this.#agent.run(`echo ${text} | base64 -d >>${file}`, wait);
    }
  }

  /** Reads the end of a file. */
  async #read(file: string, wait: Wait): Promise<{ readonly bytes: Buffer; readonly droppedBytes: number }> {
    const size = Number(await this.#agent.run(`stat -c %s ${file}`, wait));
    const droppedBytes = Math.max(0, size - keptBytes);
    const parts: Buffer[] = [];
    for (let from = droppedBytes; from < size; from += outputBytes) {
      const script = `tail -c +${from + 1} ${file} | head -c ${Math.min(outputBytes, size - from)} | base64 -w 0`;
      parts.push(Buffer.from(await this.#agent.run(script, wait), 'base64'));
    }
    return { bytes: Buffer.concat(parts), droppedBytes };
  }
}
