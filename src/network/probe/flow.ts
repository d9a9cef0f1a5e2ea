// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import { argumentsOf } from '../../core/arguments.ts';
import { withDeadline, type Wait } from '../../core/deadline.ts';
import { waitOptions } from '../../core/schemas.ts';
import { log } from '../../core/step.ts';
import { durationText } from '../../core/text.ts';
import type { Node } from '../node.ts';
import { FlowAccount } from './account.ts';
import { Changes } from './changes.ts';
import { ProbeError } from './errors.ts';
import { FlowProgram, type ProgramSpec } from './flow-program.ts';
import type { ProbeReport } from './probe-report.ts';
import { receiver, sender } from './programs.ts';
import { clockRecord, millisecondsOf, portRecord, type FlowRecord } from './records.ts';
import { watchRecovery, type Recovery } from './recovery.ts';
import { refusalText } from './refusal.ts';

/** What a flow needs to know. */
export interface FlowSpec {
  readonly from: Node;
  readonly receiver: Node;
  /** address of the receiver */
  readonly to: string;
  /** 0: any that is free */
  readonly port: number;
  readonly perSecond: number;
  readonly sizeBytes: number;
}

/** How long a datagram may take before it counts as lost, in `ms`. */
const lostAfterMs = 1000;

/** How long the programs of a flow may say nothing, in `ms`. They do so 50 times a second. */
const answersWithinMs = 10_000;

const check = { report: argumentsOf('flow.report', { wait: waitOptions }) };

/** Numbered UDP datagrams that flow from one node to another, until the flow is disposed or the test ends. */
export class Flow implements AsyncDisposable {
  /** `probe(node0, node1)` */
  readonly name: string;
  /** the address that it sends to */
  readonly to: string;
  readonly #account: FlowAccount;
  readonly #changes = new Changes();
  readonly #programs: FlowProgram[] = [];
  readonly #ends = { sentCount: 0, nowMs: 0, refused: 0, dropped: 0 };
  #port = 0;
  /** how many datagrams the kernel refused to send before the first one that counts */
  #refusedBefore = 0;
  /** why the kernel refused to send, as a number of the system; 0 if it did not */
  #refusal = 0;
  /** how many times the sender has said how many datagrams it has sent */
  #senderBeats = 0;
  /** an outage that was over before this time has been judged, in `ms` of the receiver */
  #judgedMs = 0;

  private constructor({ from, receiver: node, to, perSecond }: FlowSpec) {
    this.name = `probe(${from.name}, ${node.name})`;
    this.to = to;
    this.#account = new FlowAccount(1000 / perSecond);
  }

  /** Starts a flow, and waits until the first datagram arrives. @internal */
  static async start(spec: FlowSpec, wait: Wait): Promise<Flow> {
    const flow = new Flow(spec);
    try {
      const late = (cause: unknown): Error => flow.#nothingArrives(spec, wait.timeoutMs, cause);
      await withDeadline(wait, late, (signal) => flow.#start(spec, signal));
      return flow;
    } catch (error) {
      await flow[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** the UDP port that it sends to */
  get port(): number {
    return this.#port;
  }

  /** whether the kernel of the sending node lacked memory for what it refused last @internal */
  get isOverloaded(): boolean {
    return [constants.errno.EAGAIN, constants.errno.ENOBUFS, constants.errno.ENOMEM].includes(this.#refusal);
  }

  /**
   * How the datagrams that were sent until now came through. Waits at most a second for those that are on their way.
   * @param wait - `timeoutMs` is 10 s by default
   * @throws ProbeError if one of its programs has ended
   */
  async report(wait: Partial<Wait> = {}): Promise<ProbeReport> {
    check.report(arguments);
    const { timeoutMs = answersWithinMs, signal } = wait;
    const beats = this.#senderBeats;
    const fromMs = this.#ends.nowMs;
    let count: number | undefined;
    return withDeadline({ timeoutMs, signal }, this.#nothingSaid, (limit) =>
      this.#changes.until(() => {
        if (this.#senderBeats > beats) count ??= this.#ends.sentCount;
        const { nowMs } = this.#ends;
        const isSettled = count !== undefined && this.#account.hasAllBelow(count, nowMs - lostAfterMs);
        return isSettled || nowMs > fromMs + lostAfterMs ? this.#report() : undefined;
      }, limit),
    );
  }

  /** See `toRecoverWithin`. @internal */
  async recovery(withinMs: number, wait: Wait & { readonly mayBeUnbroken: boolean }): Promise<Recovery> {
    const sinceMs = this.#judgedMs;
    const look = watchRecovery(this.#account, { withinMs, sinceMs, ...wait });
    const limit = { timeoutMs: wait.timeoutMs + answersWithinMs, signal: wait.signal };
    const found = await withDeadline(limit, this.#nothingSaid, (signal) => this.#changes.until(() => look(this.#ends), signal));
    this.#judgedMs = this.#ends.nowMs;
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const programs = this.#programs.splice(0).reverse(); // the sender first
    if (programs.length === 0) return;
    await Promise.all(programs.map((program) => program[Symbol.asyncDispose]()));
    this.#changes.fail(new ProbeError(this.name, 'it has ended. Ask it before the end of its block', 'usage'));
    if (!this.#account.hasBegun) return;
    const { sent, lost, longestOutageMs } = this.#report();
    log('alpy.network', `${this.name}: ${lost} of ${sent} datagrams were lost, longest outage ${durationText(longestOutageMs)}`);
  }

  #report(): ProbeReport {
    return this.#account.report({ ...this.#ends, refused: this.#ends.refused - this.#refusedBefore });
  }

  readonly #nothingSaid = (cause: unknown): Error =>
    new ProbeError(this.name, 'its programs on the nodes say nothing. Is this machine overloaded?', 'environment', { cause });

  #nothingArrives({ from, receiver: node, to }: FlowSpec, timeoutMs: number, cause: unknown): Error {
    const { sentCount, refused } = this.#ends;
    if (sentCount === 0) return this.#nothingSaid(cause);
    if (refused > 0) {
      const problem = `${from.name} cannot send to ${to}: ${refusalText(this.#refusal, to)}`;
      return new ProbeError(this.name, problem, 'usage', { cause });
    }
    const where = `${to}, UDP port ${this.#port}`;
    const problem = `expected datagrams to arrive at ${where}, of ${node.name} within ${durationText(timeoutMs)}, but none of ${sentCount} did`;
    return new ProbeError(this.name, problem, 'device', { cause });
  }

  async #start({ from, receiver: node, to, port, perSecond, sizeBytes }: FlowSpec, signal: AbortSignal): Promise<void> {
    const id = randomBytes(8).toString('hex');
    const onChange = (error?: Error): void => {
      if (error) this.#changes.fail(error);
      else this.#changes.notify();
    };
    const shared = { flow: this.name, onChange };
    const words = [id, String(port)];
    const onReceived = (record: FlowRecord): void => {
      this.#takeReceived(record);
    };
    await this.#add({ ...shared, role: 'receiver', node, source: receiver, words, onRecord: onReceived }, signal);
    const bound = await this.#changes.until(() => (this.#port > 0 ? this.#port : undefined), signal);
    const intervalNs = Math.round(1e9 / perSecond);
    const sentTo = [id, to, String(bound), String(intervalNs), String(sizeBytes)];
    const onSent = (record: FlowRecord): void => {
      this.#takeSent(record);
    };
    await this.#add({ ...shared, role: 'sender', node: from, source: sender, words: sentTo, onRecord: onSent }, signal);
    await this.#changes.until(() => (this.#account.hasBegun ? true : undefined), signal);
  }

  /** Starts a program. Ends it at once if the flow was disposed of meanwhile. */
  async #add(spec: ProgramSpec, signal: AbortSignal): Promise<void> {
    const program = await FlowProgram.start(spec, signal);
    if (signal.aborted) await program[Symbol.asyncDispose]();
    else this.#programs.push(program);
  }

  #takeReceived({ first, second, third }: FlowRecord): void {
    if (first === portRecord) this.#port = Number(second);
    else if (first === clockRecord) Object.assign(this.#ends, { nowMs: millisecondsOf(second), dropped: Number(third) });
    else this.#account.add({ number: first, sentMs: millisecondsOf(second), receivedMs: millisecondsOf(third) });
  }

  #takeSent({ first, third }: FlowRecord): void {
    this.#senderBeats += 1;
    const refused = Number(third & 0xffff_ffffn);
    if (!this.#account.hasBegunBefore(this.#ends.sentCount)) this.#refusedBefore = refused;
    Object.assign(this.#ends, { sentCount: first, refused });
    this.#refusal = Number(third >> 32n);
  }
}
