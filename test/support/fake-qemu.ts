// SPDX-License-Identifier: GPL-3.0-or-later
import { PassThrough } from 'node:stream';
import { createInterface } from 'node:readline';
import type { QmpStream } from '../../src/qemu/qmp.ts';

/** A command as QEMU gets it. */
export interface SentCommand {
  readonly execute: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly id: number;
}

const greeting = { QMP: { version: { qemu: { micro: 13, minor: 0, major: 10 }, package: 'Debian' }, capabilities: ['oob'] } };

/** The far end of a monitor connection, to be driven by hand: it speaks QEMU's wire format, in pieces of any length. */
export class FakeQemu {
  readonly stream: QmpStream;
  /** all commands so far but the first, `qmp_capabilities`, which is answered */
  readonly commands: SentCommand[] = [];
  readonly #toClient = new PassThrough();
  readonly #waiting: ((command: SentCommand) => void)[] = [];
  readonly #unread: SentCommand[] = [];

  constructor(options: { readonly greet?: boolean } = {}) {
    const fromClient = new PassThrough();
    this.stream = { input: this.#toClient, output: fromClient };
    createInterface({ input: fromClient }).on('line', (line) => {
      const command = JSON.parse(line) as SentCommand;
      if (command.execute === 'qmp_capabilities') {
        this.send({ return: {}, id: command.id });
        return;
      }
      this.commands.push(command);
      const waiting = this.#waiting.shift();
      if (waiting) waiting(command);
      else this.#unread.push(command);
    });
    if (options.greet !== false) this.send(greeting);
  }

  /** The next command that was not asked for yet. */
  next(): Promise<SentCommand> {
    const unread = this.#unread.shift();
    return unread ? Promise.resolve(unread) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Sends messages in one piece. */
  send(...messages: readonly object[]): void {
    this.raw(messages.map((message) => `${JSON.stringify(message)}\r\n`).join(''));
  }

  /** Sends an event. @param ms - when it happened, in `ms` since 1970 */
  event(event: string, data: Readonly<Record<string, unknown>> = {}, ms = 1_000_500.25): void {
    this.send({ event, data, timestamp: { seconds: Math.floor(ms / 1000), microseconds: Math.round((ms % 1000) * 1000) } });
  }

  raw(text: string | Uint8Array): void {
    this.#toClient.write(text);
  }

  end(): void {
    this.#toClient.end();
  }
}
