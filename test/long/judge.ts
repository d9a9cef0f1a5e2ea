// SPDX-License-Identifier: GPL-3.0-or-later
import { trendOf, type Trend } from './flat.ts';
import { figures, type FigureName, type Sample } from './sample.ts';

/** A figure of a long run. */
export interface Judged extends Trend {
  readonly name: FigureName;
}

/** Judges every figure that can be read on this machine. Pure. @throws RangeError if there are too few samples of one */
export function judge(samples: readonly Sample[]): readonly Judged[] {
  const names = Object.keys(figures) as FigureName[];
  return names.flatMap((name) => {
    const values = samples.map((sample) => sample[name]).filter((value) => value !== undefined);
    return values.length === 0 ? [] : [{ name, ...trendOf(values, figures[name]) }];
  });
}
