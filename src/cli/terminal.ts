// SPDX-License-Identifier: GPL-3.0-or-later
import type { CallerTerminal } from '../session/index.ts';

/** The user's terminal, which passes on every key unchanged until it is released. */
export interface RawTerminal extends CallerTerminal, Disposable {}

/** Takes over the terminal of this process. Returns `undefined` if its input or its output is not a terminal. */
export function rawTerminal(type: string | undefined): RawTerminal | undefined {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) return undefined;
  const size = (): CallerTerminal['size'] => ({ rows: stdout.rows, columns: stdout.columns });
  stdin.setRawMode(true);
  return {
    type: type ?? 'xterm',
    size: size(),
    onResize: (listener, signal) => {
      const resized = (): void => {
        listener(size());
      };
      stdout.on('resize', resized);
      signal.addEventListener('abort', () => stdout.off('resize', resized), { once: true });
    },
    [Symbol.dispose]() {
      stdin.setRawMode(false);
    },
  };
}
