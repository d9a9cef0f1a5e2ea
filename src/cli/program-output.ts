// SPDX-License-Identifier: GPL-3.0-or-later
import { StringDecoder } from 'node:string_decoder';
import { visibleLines } from '../report/text.ts';

/** Takes what a program in a testbed prints. */
export interface ProgramOutput {
  readonly write: (data: Buffer) => void;
  /** call it when the program has ended */
  readonly end: () => void;
}

/**
 * Passes on what a program in a testbed prints. A file or a pipe gets it unchanged. In a terminal, control and direction characters
 * become visible escapes, so that a guest cannot change the title, the clipboard or what the user has read before.
 * @param isInteractive - whether the program has the user's terminal, which then gets everything unchanged
 */
export function programOutput(stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>, isInteractive = false): ProgramOutput {
  if (!stream.isTTY || isInteractive) return { write: (data) => stream.write(data), end: () => undefined };
  const decoder = new StringDecoder('utf8');
  let held = ''; // a carriage return at the end may belong to the end of a line
  const print = (text: string): void => {
    if (text !== '') stream.write(visibleLines(text));
  };
  return {
    write: (data) => {
      const text = held + decoder.write(data);
      held = text.endsWith('\r') ? '\r' : '';
      print(text.slice(0, text.length - held.length));
    },
    end: () => {
      print(held + decoder.end());
    },
  };
}
