// SPDX-License-Identifier: GPL-3.0-or-later
import { DeviceError, EnvironmentError } from '../core/errors.ts';

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
  /** how many frames were looked at */
  readonly looked: number;

  constructor(message: string, looked: number) {
    super(message);
    this.looked = looked;
  }
}
