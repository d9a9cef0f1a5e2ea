// SPDX-License-Identifier: GPL-3.0-or-later
import { styleText } from 'node:util';
import type { FailureLineKind } from '../../../report/index.ts';
import type { OutputStyle, Paint } from './run-output.ts';

const failureFormats: Readonly<Partial<Record<FailureLineKind, Parameters<Paint>[0]>>> = {
  cause: 'red',
  place: 'bold',
  mark: 'bold',
  removed: 'red',
  added: 'green',
  title: 'bold',
};

/** What a stream can show. Colours follow `NO_COLOR` and `FORCE_COLOR`. */
export function styleOf(stream: NodeJS.WriteStream): OutputStyle {
  const paint: Paint = (format, text) => styleText(format, text, { stream });
  return {
    isTerminal: stream.isTTY,
    paint,
    failureStyle: (kind, line) => {
      const format = failureFormats[kind];
      return format === undefined ? line : paint(format, line);
    },
  };
}
