// SPDX-License-Identifier: GPL-3.0-or-later
export { ConsoleClosedError, ConsoleTimeoutError, TranscriptError } from './errors.ts';
export type { ConsoleOptions, ExpectOptions, Match, SendOptions } from './options.ts';
export { END, type Pattern } from './pattern.ts';
export { waitForQuiet } from './quiet.ts';
export { SerialConsole } from './serial-console.ts';
export { Transcript } from './transcript.ts';
