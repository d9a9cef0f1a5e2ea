// SPDX-License-Identifier: GPL-3.0-or-later
export { Capture } from './capture.ts';
export { decodeSchemas, type CountOptions, type FollowOptions, type ReadOptions } from './capture-options.ts';
export type { DecodeOptions } from './preferences.ts';
export { Decoder } from './decoder.ts';
export { CaptureError, DecodeTimeoutError, FrameTimeoutError } from './errors.ts';
export { finishCapture } from './finish.ts';
export type { Frame } from './frame.ts';
