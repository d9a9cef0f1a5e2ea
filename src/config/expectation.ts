// SPDX-License-Identifier: GPL-3.0-or-later

/** What a value was expected to be, and what to do if it is not. */
export interface Expectation {
  /** completes "expected …" */
  readonly what: string;
  /** a sentence without its full stop; absent if `what` says enough */
  readonly advice?: string | undefined;
}

/** The error of a schema, which can only be a text: the advice is on its second line. Pure. */
export function schemaError({ what, advice }: Expectation): string {
  return advice === undefined ? what : `${what}\n${advice}`;
}

/** What {@link schemaError} has put into a text, or a text without advice. Pure. */
export function expectationOf(error: string): Expectation {
  const [what = '', advice] = error.split('\n');
  return { what, advice };
}
