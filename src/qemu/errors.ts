// SPDX-License-Identifier: GPL-3.0-or-later
import { describeOutput } from '../core/error-details.ts';
import { AlpyError, EnvironmentError, type Fault } from '../core/errors.ts';
import { jsonText } from '../core/json-object.ts';
import { durationText } from '../core/text.ts';

/** QEMU answered a command with an error. */
export class QmpError extends EnvironmentError {
  override readonly code = 'ALPY_QMP';
  readonly command: string;
  /** QEMU's class of the error: `GenericError`, `CommandNotFound`, `DeviceNotActive`, `DeviceNotFound`, `KVMMissingCap` */
  readonly errorClass: string;

  constructor(command: string, errorClass: string, description: string) {
    super(`QEMU refused ${command}: ${description} (${errorClass})`);
    this.command = command;
    this.errorClass = errorClass;
  }
}

/** QEMU or its monitor connection ended while something was awaited from it. */
export class QmpClosedError extends EnvironmentError {
  override readonly code = 'ALPY_QMP_CLOSED';
  /** what was awaited, in words */
  readonly awaited: string;

  constructor(awaited: string, options?: ErrorOptions) {
    super(`QEMU's monitor closed while waiting for ${awaited}: QEMU has ended`, options);
    this.awaited = awaited;
  }
}

/** QEMU did not answer in time, or an event did not come in time. */
export class QmpTimeoutError extends AlpyError {
  readonly code = 'ALPY_QMP_TIMEOUT';
  readonly fault: Fault;
  /** what was awaited, in words */
  readonly awaited: string;
  /** how long, in `ms` */
  readonly timeoutMs: number;

  constructor(awaited: string, timeoutMs: number, fault: Fault, options?: ErrorOptions) {
    super(`QEMU: waited ${durationText(timeoutMs)} for ${awaited}`, options);
    this.fault = fault;
    this.awaited = awaited;
    this.timeoutMs = timeoutMs;
  }
}

/** The monitor connection received something that is not QMP. */
export class QmpProtocolError extends EnvironmentError {
  override readonly code = 'ALPY_QMP_PROTOCOL';
}

/** QEMU did not start, or ended unexpectedly. */
export class HypervisorError extends AlpyError {
  readonly code = 'ALPY_HYPERVISOR';
  readonly fault: Fault;
  /** what QEMU printed */
  readonly stderr: string;
  /** the signal that ended QEMU; absent if none did */
  readonly signal: NodeJS.Signals | undefined;

  constructor(what: string, stderr: string, fault: Fault, signal?: NodeJS.Signals) {
    const { ending, details } = describeOutput('Output of QEMU', stderr);
    super(`${what}${ending}`, { details });
    this.fault = fault;
    this.stderr = stderr;
    this.signal = signal;
  }
}

/** The disk image of the configuration cannot be used. */
export class DiskImageError extends AlpyError {
  readonly code = 'ALPY_DISK_IMAGE';
  readonly fault = 'environment';
  readonly path: string;

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`disk image ${path}: ${reason}`, options);
    this.path = path;
  }
}

/** A file that the appliance's description names, besides its disk image, cannot be used. */
export class ApplianceFileError extends EnvironmentError {
  override readonly code = 'ALPY_APPLIANCE_FILE';
  /** the key that names it, such as `kernel` */
  readonly key: string;
  readonly path: string;

  constructor(key: string, path: string, problem: string, options?: ErrorOptions) {
    super(`appliance.${key} names ${path}: ${problem}`, options);
    this.key = key;
    this.path = path;
  }
}

/** QEMU's machine could not read or write the guest's disk. */
export class DiskIoError extends EnvironmentError {
  override readonly code = 'ALPY_DISK_IO';

  /** @param data - of QEMU's event BLOCK_IO_ERROR */
  constructor(guest: string, data: Readonly<Record<string, unknown>>) {
    const { device, operation, reason, nospace } = data;
    const what = `${guest}: QEMU could not ${jsonText(operation)} the disk ${jsonText(device)}: ${typeof reason === 'string' ? reason : 'I/O error'}`;
    const advice =
      nospace === true
        ? 'free some space where Docker keeps its data (docker info: Docker Root Dir) and where snapshots are kept'
        : "look at the disk of this machine, for example with dmesg; the device under test isn't to blame";
    super(`${what}. QEMU has stopped the guest; ${advice}`);
  }
}
