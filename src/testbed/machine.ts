// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { raceWithSignal } from '../core/deadline.ts';
import { BugError } from '../core/errors.ts';
import { markHandled } from '../core/mark-handled.ts';
import { step } from '../core/step.ts';
import { SerialConsole, Transcript } from '../console/index.ts';
import { allFilesOf, assertUnchanged, Hypervisor, type GuestClock } from '../qemu/index.ts';
import { SnapshotError, type Snapshot } from '../snapshot/index.ts';
import { restoredFrom, type CreationContext, type Device } from './creation.ts';
import type { StartedDevice } from './teardown.ts';

/** QEMU with its virtual CPU halted. */
export interface StartedQemu {
  readonly device: Device;
  readonly hypervisor: Hypervisor;
  /** what the tear-down knows of it */
  readonly started: StartedDevice;
}

/** QEMU with its virtual CPU halted, and the guest's console. */
export interface StartedMachine extends StartedQemu {
  readonly console: SerialConsole;
  /** settles when the console has ended and all of it was read */
  readonly consoleEnded: Promise<void>;
}

/** How long a snapshot may take to load, in `ms`; on an idle machine it takes about 30. */
const restoreTimeoutMs = 30_000;

/** How long QEMU may take to connect the guest's serial port, in `ms`. */
const serialTimeoutMs = 30_000;

/**
 * Starts QEMU, and begins to load the snapshot if there is one.
 * @param tapsCreated - settles when its taps exist
 * @param signal - ends the start
 * @param outerSignal - ends the loading: when QEMU ends because of the snapshot, everything else fails too, and must not hide why
 */
export async function startQemu(
  { facts, started }: CreationContext,
  device: Device,
  tapsCreated: Promise<void>,
  signal: AbortSignal,
  outerSignal?: AbortSignal,
): Promise<StartedQemu> {
  const { group, plan } = started.lease;
  const [own, planned] = [group.machines[device.index], plan.machines[device.index]];
  if (!own || !planned) throw new BugError(`the lifeline has no container for ${device.name}`);
  const container = await raceWithSignal(own.qemu, signal);
  const place = {
    container,
    access: facts.access,
    files: planned.files,
    exchange: own.exchange,
    tapsCreated,
    ofDevice: device.ofDevice,
  };
  const hypervisor = await Hypervisor.start(place, device.machine, signal);
  const restored = restoredFrom(device);
  const startedDevice: StartedDevice = { name: device.name, hypervisor };
  started.devices.push(startedDevice);
  await assertUnchanged(allFilesOf(device.disk)); // now that QEMU has opened them
  followClock(hypervisor, device.clock);
  if (restored) {
    startedDevice.restoring = restore(hypervisor, device.ofDevice, restored, outerSignal);
    markHandled(startedDevice.restoring); // awaited when the rest has started, or failed
  }
  return { device, hypervisor, started: startedDevice };
}

function followClock(hypervisor: Hypervisor, clock: GuestClock): void {
  hypervisor.qmp.onEvent((event) => {
    clock.take(event);
  });
}

/** @throws SnapshotError when this QEMU is not the one that saved it */
async function restore(hypervisor: Hypervisor, ofDevice: string, { record }: Snapshot, signal?: AbortSignal): Promise<void> {
  const { version } = hypervisor.qmp;
  if (version !== record.qemuVersion) {
    throw new SnapshotError(
      `snapshot ${record.key} was saved by QEMU ${record.qemuVersion}, but this is QEMU ${version}: remove it (alpy snapshot prune --all), and the next run makes a new one`,
    );
  }
  await step('alpy.qemu', `Load the snapshot${ofDevice}`, () => hypervisor.loadState({ timeoutMs: restoreTimeoutMs, signal }));
}

const lineEnds = { lf: '\n', cr: '\r', crlf: '\r\n' } as const;

/** Opens the guest's console and its transcript. @param directory - absolute path of the testbed's folder */
export async function openConsole(directory: string, qemu: StartedQemu, signal: AbortSignal): Promise<StartedMachine> {
  const { device, hypervisor, started } = qemu;
  const stream = await hypervisor.openSerial({ timeoutMs: serialTimeoutMs, signal });
  const consoleEnded = finished(stream, { writable: false, error: false }).catch(() => undefined); // however it ended
  const transcript = Transcript.create(join(directory, device.files.console));
  const console = SerialConsole.open(stream, {
    name: `serial console${device.ofDevice}`,
    transcript,
    lineEnd: lineEnds[device.appliance.lineEnd],
  });
  started.console = console;
  return { ...qemu, console, consoleEnded };
}
