// SPDX-License-Identifier: GPL-3.0-or-later
import { EventEmitter, once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import type { Answerer, Call } from '../../../src/session/call.ts';

/** Answers calls as their first word says, and remembers them. */
export class FakeAnswerer {
  readonly calls: Call[] = [];
  /** reasons for which calls were cancelled */
  readonly cancelled: string[] = [];
  readonly #changes = new EventEmitter();

  /** Waits for the first call. */
  async firstCall(): Promise<Call> {
    for (;;) {
      const [call] = this.calls;
      if (call) return call;
      await once(this.#changes, 'change');
    }
  }

  /** Waits until a call has been cancelled. */
  async firstCancel(): Promise<void> {
    while (this.cancelled.length === 0) await once(this.#changes, 'change');
  }

  readonly answer: Answerer = async (call) => {
    this.calls.push(call);
    this.#changes.emit('change');
    const [verb, text = ''] = call.args;
    switch (verb) {
      case 'say':
        await call.write('out', text);
        await call.write('err', `not ${text}`);
        return 0;
      case 'cat':
        await call.write('out', call.input ? await buffer(call.input) : 'no input');
        return 0;
      case 'exit':
        return Number(text);
      case 'flood': // more than a pipe and a socket hold
        for (let sent = 0; sent < Number(text) && !call.signal.aborted; sent += 100_000) {
          await call.write('out', Buffer.alloc(100_000, 'x'));
          await turn();
        }
        return 0;
      case 'wait':
        if (!call.signal.aborted) await once(call.signal, 'abort');
        this.cancelled.push((call.signal.reason as Error).message);
        this.#changes.emit('change');
        return 143;
      default:
        return 5;
    }
  };
}
