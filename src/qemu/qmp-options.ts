// SPDX-License-Identifier: GPL-3.0-or-later
import { argumentsOf } from '../core/arguments.ts';
import type { Wait } from '../core/deadline.ts';
import type { Fault } from '../core/errors.ts';
import {
  anyObject,
  either,
  functionOf,
  milliseconds,
  oneOf,
  options,
  someText,
  text,
  waitOptions,
  waitSchemas,
} from '../core/schemas.ts';
import type { QmpEvent } from './qmp-messages.ts';

/** How to wait for an event. */
export interface EventWait extends Wait {
  /** what messages call the awaited event; default: its name */
  readonly awaited?: string;
  /** whose fault it is if the event does not come; default `device`, because the guest causes most events */
  readonly fault?: Fault;
}

/** Which events count: a name, or a condition. */
export type EventMatch = string | ((event: QmpEvent) => boolean);

const eventWait = options<EventWait>({
  ...waitSchemas,
  timeoutMs: milliseconds,
  awaited: text.optional(),
  fault: oneOf(['usage', 'environment', 'device', 'bug']).optional(),
});

/** Checks of the arguments of a QMP client's functions. */
export const check = {
  execute: argumentsOf('dut.qmp.execute', { command: someText, args: anyObject.optional(), wait: waitOptions }),
  close: argumentsOf('dut.qmp.close'),
  onEvent: argumentsOf('dut.qmp.onEvent', { listener: functionOf() }),
  waitForEvent: argumentsOf('dut.qmp.waitForEvent', {
    matches: either<EventMatch>('the name of an event, or a function', someText, functionOf<(event: QmpEvent) => boolean>()),
    wait: eventWait,
  }),
};
