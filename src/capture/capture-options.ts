// SPDX-License-Identifier: GPL-3.0-or-later
import { argumentsOf } from '../core/arguments.ts';
import type { Wait } from '../core/deadline.ts';
import type { DecodeOptions } from './preferences.ts';
import { abortSignal, options, text, texts, textsByName, waitSchemas } from '../core/schemas.ts';

/** How to read a capture. */
export interface ReadOptions extends Partial<Wait>, DecodeOptions {
  /** fields of Wireshark to read from each frame, such as `ip.ttl`; default: none */
  readonly fields?: readonly string[];
}

/** How to follow a capture. */
export interface FollowOptions extends DecodeOptions {
  /** see {@link ReadOptions.fields} */
  readonly fields?: readonly string[];
  /** ends the loop; its reason is thrown */
  readonly signal: AbortSignal;
}

/** See {@link DecodeOptions}. */
export const decodeSchemas = { decodeAs: texts.optional(), preferences: textsByName.optional() };

const readOptions = options<ReadOptions>({ ...waitSchemas, ...decodeSchemas, fields: texts.optional() }).optional();

/** How to count frames. */
export type CountOptions = Partial<Wait> & DecodeOptions;

/** Checks of the arguments of a capture's functions. */
export const check = {
  frames: argumentsOf('capture.frames', { filter: text.optional(), options: readOptions }),
  count: argumentsOf('capture.count', {
    filter: text.optional(),
    options: options<CountOptions>({ ...waitSchemas, ...decodeSchemas }).optional(),
  }),
  follow: argumentsOf('capture.follow', {
    filter: text,
    options: options<FollowOptions>({ ...decodeSchemas, fields: texts.optional(), signal: abortSignal }),
  }),
  waitFor: argumentsOf('capture.waitFor', { filter: text, options: readOptions }),
};
