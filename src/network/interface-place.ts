// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../core/deadline.ts';
import type { Fault } from '../core/errors.ts';

/** Where the commands of an interface run. */
export interface InterfacePlace {
  /** name of the node */
  readonly node: string;
  /** runs lines of shell on the node, of which none may fail; returns what they print */
  readonly shell: (script: string, wait: Partial<Wait>, otherwise?: Fault) => Promise<string>;
}
