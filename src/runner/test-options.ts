// SPDX-License-Identifier: GPL-3.0-or-later
import { argumentsOf } from '../core/arguments.ts';
import { either, flag, functionOf, instanceOf, milliseconds, options, someText, text, wholeNumber } from '../core/schemas.ts';
import { decodeSchemas, type DecodeOptions } from '../capture/index.ts';
import { Flow, Node } from '../network/index.ts';
import { Link } from '../testbed/index.ts';

/** What a test needs from the machine besides its guest. */
export interface Needs {
  /** memory for programs that the test runs besides the guest, in MiB; default 0 */
  readonly memoryMiB?: number;
  /** whether no other testbed may run at the same time, for measurements; default false */
  readonly exclusive?: boolean;
}

/** How long a matcher waits. */
export interface MatcherOptions {
  /** in `ms`; default 10 s */
  readonly timeoutMs?: number;
}

/** How long `toHaveSeen` waits, and how it decodes frames. */
export interface SeenOptions extends MatcherOptions, DecodeOptions {}

/** How `toRecoverWithin` waits. */
export interface RecoveryOptions extends MatcherOptions {
  /** whether the flow may go on without an outage; default false */
  readonly mayBeUnbroken?: boolean;
}

const duration = text.refine((value) => /^\d+(?:\.\d+)?m?s$/.test(value), {
  error: 'a duration in ms or s, such as "300ms" or "2s"',
});
const aLimit = 'a number of datagrams, or a share such as "1%"';
const lossLimit = either<number | string>(
  aLimit,
  wholeNumber(0),
  text.refine((value) => /^\d+(?:\.\d+)?%$/.test(value), { error: aLimit }),
);
const recoveryOptions = options<RecoveryOptions>({
  timeoutMs: milliseconds.optional(),
  mayBeUnbroken: flag.optional(),
}).optional();
const flow = instanceOf(Flow, 'a flow, which probe() returns');

const matcherOptions = options<MatcherOptions>({ timeoutMs: milliseconds.optional() }).optional();
const seenOptions = options<SeenOptions>({ timeoutMs: milliseconds.optional(), ...decodeSchemas }).optional();
const needs = options<Needs>({ memoryMiB: wholeNumber(0).optional(), exclusive: flag.optional() });

/** Checks of the arguments of fixtures, and of what a test overrides besides values of the configuration. */
export const check = {
  capture: argumentsOf('capture', {
    link: either<number | string>('the number of a link from 0, or its name', wholeNumber(0), someText),
  }),
  step: argumentsOf('step', { title: text, body: functionOf() }),
  override: argumentsOf('test.override', { needs, autoBoot: flag }),
};

/** Checks of the arguments of matchers, after the value in `expect(…)`. */
export const matcherCheck = {
  toReach: argumentsOf('expect(node).toReach', { target: someText, options: matcherOptions }),
  toHaveSeen: argumentsOf('expect(link).toHaveSeen', { filter: text, options: seenOptions }),
  toRecoverWithin: argumentsOf('expect(flow).toRecoverWithin', { duration, options: recoveryOptions }),
  toBeWithoutLoss: argumentsOf('expect(flow).toBeWithoutLoss'),
  toHaveLostAtMost: argumentsOf('expect(flow).toHaveLostAtMost', { limit: lossLimit }),
  notToHaveSeen: argumentsOf('expect(link).not.toHaveSeen', {
    filter: text,
    options: options<DecodeOptions>(decodeSchemas).optional(),
  }),
};

/** Checks of the value in `expect(…)`. */
export const receivedCheck = {
  toReach: argumentsOf('expect(node).toReach', { node: instanceOf(Node, 'a node, such as nodes[0]') }),
  toHaveSeen: argumentsOf('expect(link).toHaveSeen', { link: instanceOf(Link, 'a link, such as links[0]') }),
  toRecoverWithin: argumentsOf('expect(flow).toRecoverWithin', { flow }),
  toBeWithoutLoss: argumentsOf('expect(flow).toBeWithoutLoss', { flow }),
  toHaveLostAtMost: argumentsOf('expect(flow).toHaveLostAtMost', { flow }),
};
