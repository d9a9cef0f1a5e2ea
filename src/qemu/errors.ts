// SPDX-License-Identifier: GPL-3.0-or-later
import { AlpyError, EnvironmentError, type Fault } from '../core/errors.ts';
import { tail } from '../core/text.ts';

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

/** QEMU ended, or its monitor connection did, while something was awaited from it. */
export class QmpClosedError extends EnvironmentError {
  override readonly code = 'ALPY_QMP_CLOSED';
  /** what was awaited, readable */
  readonly awaited: string;

  constructor(awaited: string, options?: ErrorOptions) {
    super(`QEMU's monitor closed while waiting for ${awaited}: QEMU has ended`, options);
    this.awaited = awaited;
  }
}

/** QEMU did not answer, or an event did not come, in time. */
export class QmpTimeoutError extends AlpyError {
  readonly code = 'ALPY_QMP_TIMEOUT';
  readonly fault: Fault;
  /** what was awaited, readable */
  readonly awaited: string;
  /** how long, in `ms` */
  readonly timeoutMs: number;

  constructor(awaited: string, timeoutMs: number, fault: Fault, options?: ErrorOptions) {
    super(`QEMU: waited ${timeoutMs} ms for ${awaited}`, options);
    this.fault = fault;
    this.awaited = awaited;
    this.timeoutMs = timeoutMs;
  }
}

/** What came over the monitor connection is not QMP. */
export class QmpProtocolError extends EnvironmentError {
  override readonly code = 'ALPY_QMP_PROTOCOL';
}

/** QEMU did not start, or ended by itself. */
export class HypervisorError extends AlpyError {
  readonly code = 'ALPY_HYPERVISOR';
  readonly fault: Fault;
  /** what QEMU printed */
  readonly stderr: string;

  constructor(what: string, stderr: string, fault: Fault) {
    const said = stderr.trim();
    super(`${what}; ${said === '' ? 'it gave no reason' : `it said:\n${tail(said, 2000)}`}`);
    this.fault = fault;
    this.stderr = stderr;
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

/** The guest's disk could not be read or written on the machine that QEMU runs on. */
export class DiskIoError extends EnvironmentError {
  override readonly code = 'ALPY_DISK_IO';

  /** @param data - of QEMU's event BLOCK_IO_ERROR */
  constructor(guest: string, data: Readonly<Record<string, unknown>>) {
    const { device, operation, reason, nospace } = data;
    const what = `${guest}: QEMU could not ${String(operation)} the disk ${String(device)}: ${typeof reason === 'string' ? reason : 'I/O error'}`;
    const advice =
      nospace === true
        ? 'free some space where Docker keeps its data (docker info: Docker Root Dir) and where snapshots are kept'
        : "look at the disk of this machine, such as with dmesg; the device under test isn't to blame";
    super(`${what}. QEMU has stopped the guest; ${advice}`);
  }
}
