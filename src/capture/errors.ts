// SPDX-License-Identifier: GPL-3.0-or-later
import { DeviceError, EnvironmentError, type ErrorDetail } from '../core/errors.ts';
import { durationText } from '../core/text.ts';

/** A capture is not complete: the disk was full, or the file is damaged. */
export class CaptureError extends EnvironmentError {
  override readonly code = 'ALPY_CAPTURE';
}

/** sharkd refuses a request, for example a wrong filter. Never leaves this folder: tshark is asked next, and says why. */
export class SharkdRefusal extends CaptureError {}

/** sharkd has ended, or sent something unexpected. Never leaves this folder: tshark is asked next. */
export class SharkdFailure extends CaptureError {}

/** Not all frames of a capture could be decoded in time, so the result is not known. */
export class DecodeTimeoutError extends EnvironmentError {
  override readonly code = 'ALPY_DECODE_TIMEOUT';
}

/** An expected frame has not crossed the link. All frames were looked at. */
export class FrameTimeoutError extends DeviceError {
  override readonly code = 'ALPY_FRAME_TIMEOUT';
  /** how long, in `ms` */
  readonly timeoutMs: number;
  /** how many frames were looked at */
  readonly looked: number;

  constructor(name: string, { filter, timeoutMs, looked, details }: MissedFrame) {
    super(`${name}: waited ${durationText(timeoutMs)} for a frame that passes "${filter}", but none of ${looked} did`, {
      details,
    });
    this.timeoutMs = timeoutMs;
    this.looked = looked;
  }
}

/** What {@link FrameTimeoutError} says of a wait for a frame. */
export interface MissedFrame {
  readonly filter: string;
  readonly timeoutMs: number;
  readonly looked: number;
  /** the nearest frames */
  readonly details?: readonly ErrorDetail[];
}
