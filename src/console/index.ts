// SPDX-License-Identifier: GPL-3.0-or-later
export { consoleDetail, ConsoleClosedError, ConsoleTimeoutError, noteSilence, TranscriptError } from './errors.ts';
export type { ConsoleOptions, ExpectOptions, Match, SendOptions } from './options.ts';
export { END, type ConsolePattern } from './pattern.ts';
export type { Disguise } from './readable-tail.ts';
export { waitForQuiet } from './quiet.ts';
export { SerialConsole } from './serial-console.ts';
export { Transcript } from './transcript.ts';
