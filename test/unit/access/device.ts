// SPDX-License-Identifier: GPL-3.0-or-later
import { SerialConsole } from '../../../src/console/index.ts';
import { connect } from '../console/guest.ts';

/** What was typed at a device, and in which state the device was. */
export interface Typed {
  readonly at: string;
  readonly text: string;
}

/** How a device answers a line that is typed in one of its states; `print` shows text, `become` enters another state. */
export type Answer = (text: string, device: ScriptedDevice) => void;

/** A device in memory: a state machine that reads lines. It echoes what is typed, except for passwords. */
export class ScriptedDevice {
  readonly console: SerialConsole;
  readonly typed: Typed[] = [];
  readonly #print: (text: string) => void;
  #state: string;

  constructor(state: string, answers: Readonly<Record<string, Answer>>, lineEnd = '\n') {
    const { near, far } = connect();
    this.console = SerialConsole.open(near, { lineEnd });
    this.#print = (text) => far.write(text);
    this.#state = state;
    let line = '';
    far.on('data', (bytes: Buffer) => {
      for (const character of bytes.toString('latin1')) {
        if (character !== lineEnd) line += character;
        else {
          const text = line;
          line = '';
          this.typed.push({ at: this.#state, text });
          this.print(this.#state === 'password' ? '\r\n' : `${text}\r\n`);
          answers[this.#state]?.(text, this);
        }
      }
    });
  }

  print(text: string): void {
    this.#print(text);
  }

  become(state: string, prompt: string): void {
    this.#state = state;
    this.print(prompt);
  }
}
