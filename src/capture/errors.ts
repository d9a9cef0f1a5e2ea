// SPDX-License-Identifier: GPL-3.0-or-later
import { DeviceError, EnvironmentError } from '../core/errors.ts';

/** A capture is not complete: the disk was full, or the file is damaged. */
export class CaptureError extends EnvironmentError {
  override readonly code = 'ALPY_CAPTURE';
}

/** sharkd refuses a request, such as a filter that is wrong. Stays in this folder: tshark is asked then, and tells why. */
export class SharkdRefusal extends CaptureError {}

/** sharkd has ended, or sends what it should not. Stays in this folder: tshark is asked then. */
export class SharkdFailure extends CaptureError {}

/** Not all frames of a capture could be decoded in time, so nothing can be said of them. */
export class DecodeTimeoutError extends EnvironmentError {
  override readonly code = 'ALPY_DECODE_TIMEOUT';
}

/** A frame that was waited for has not crossed the link: all frames were looked at. */
export class FrameTimeoutError extends DeviceError {
  override readonly code = 'ALPY_FRAME_TIMEOUT';
  /** how many frames were looked at */
  readonly looked: number;

  constructor(message: string, looked: number) {
    super(message);
    this.looked = looked;
  }
}
