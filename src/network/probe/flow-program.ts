// SPDX-License-Identifier: GPL-3.0-or-later
import { raceWithSignal } from '../../core/deadline.ts';
import { outputDetail } from '../../core/error-details.ts';
import { markHandled } from '../../core/mark-handled.ts';
import { OutputTail } from '../../core/output.ts';
import { oneLine } from '../../core/text.ts';
import { startExec, type Execution } from '../../docker/index.ts';
import type { Node } from '../node.ts';
import { ProbeError } from './errors.ts';
import { RecordSplitter, type FlowRecord } from './records.ts';

/** How long a program may take to end, in `ms`. */
const endsWithinMs = 2000;

/** Exit statuses for a program that cannot be started. */
const notStarted: readonly number[] = [126, 127];

/** One of the two programs of a flow. */
export interface ProgramSpec {
  /** as messages call the flow */
  readonly flow: string;
  readonly role: 'sender' | 'receiver';
  readonly node: Node;
  readonly source: string;
  readonly words: readonly string[];
  readonly onRecord: (record: FlowRecord) => void;
  /** called after the records of each chunk, and with an error if the program ends by itself */
  readonly onChange: (error?: Error) => void;
}

/** A program of a flow that runs on a node. It ends when its standard input does. */
export class FlowProgram implements AsyncDisposable {
  readonly #spec: ProgramSpec;
  readonly #execution: Execution;
  readonly #errors = new OutputTail(4096);
  /** its standard error comes on another connection than its exit status */
  readonly #saidAll = Promise.withResolvers<void>();
  #isEnding = false;

  private constructor(spec: ProgramSpec, execution: Execution) {
    this.#spec = spec;
    this.#execution = execution;
    const records = new RecordSplitter();
    execution.stdout.on('data', (chunk: Buffer) => {
      for (const record of records.push(chunk)) spec.onRecord(record);
      spec.onChange();
    });
    execution.stderr.on('data', (chunk: Buffer) => {
      this.#errors.push(chunk);
    });
    execution.stderr.once('end', this.#saidAll.resolve);
    markHandled(this.#watch());
  }

  /** Starts it. @throws ContainerError if the node has ended, or the daemon refuses */
  static async start(spec: ProgramSpec, signal: AbortSignal): Promise<FlowProgram> {
    const { node, source, words } = spec;
    return new FlowProgram(
      spec,
      await startExec(node.containerFor('probe').container, { command: ['perl', '-e', source, ...words] }, signal),
    );
  }

  /** Ends it. If it doesn't, it ends with the testbed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    this.#execution.stdin.end();
    await raceWithSignal(this.#execution.exited, AbortSignal.timeout(endsWithinMs)).catch(() => undefined); // it is closed anyway
    this.#execution.close();
  }

  async #watch(): Promise<void> {
    const { flow, role, node } = this.#spec;
    let error: Error;
    try {
      const status = await this.#execution.exited;
      await this.#saidAll.promise;
      const said = this.#errors.bytes().toString();
      error = notStarted.includes(status.code)
        ? new ProbeError(flow, `the image of ${node.name} lacks perl. Use one for nodes that has it`, 'usage')
        : new ProbeError(
            flow,
            `the ${role} on ${node.name} ended with ${status.text}: ${oneLine(said)}`,
            said.includes('Address already in use') ? 'usage' : 'environment',
            { details: outputDetail(`Standard error of the ${role}`, said) },
          );
    } catch (cause) {
      error = cause instanceof Error ? cause : new Error(String(cause));
    }
    if (!this.#isEnding) this.#spec.onChange(error);
  }
}
