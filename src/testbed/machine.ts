// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { raceWithSignal } from '../core/deadline.ts';
import { markHandled } from '../core/mark-handled.ts';
import { step } from '../core/step.ts';
import { SerialConsole, Transcript } from '../console/index.ts';
import { allFilesOf, assertUnchanged, Hypervisor, type GuestClock } from '../qemu/index.ts';
import { SnapshotError, type Snapshot } from '../snapshot/index.ts';
import type { CreationContext } from './creation.ts';

/** QEMU with its virtual CPU halted, and the guest's console. */
export interface StartedMachine {
  readonly hypervisor: Hypervisor;
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
  { facts, spec, machine, clock, started }: CreationContext,
  tapsCreated: Promise<void>,
  signal: AbortSignal,
  outerSignal?: AbortSignal,
): Promise<Hypervisor> {
  const { pair, files } = started.lease;
  const container = await raceWithSignal(pair.qemu, signal);
  const place = { container, access: facts.access, files, exchange: pair.exchange, tapsCreated };
  const hypervisor = await Hypervisor.start(place, machine, signal);
  started.hypervisor = hypervisor;
  await assertUnchanged(allFilesOf(spec.disk)); // now that QEMU has opened them
  followClock(hypervisor, clock);
  if (spec.snapshot?.use === 'restore') {
    started.restoring = restore(hypervisor, spec.snapshot.from, outerSignal);
    markHandled(started.restoring); // awaited when the rest has started, or failed
  }
  return hypervisor;
}

function followClock(hypervisor: Hypervisor, clock: GuestClock): void {
  hypervisor.qmp.onEvent((event) => {
    clock.take(event);
  });
}

/** @throws SnapshotError when this QEMU is not the one that saved it */
async function restore(hypervisor: Hypervisor, { record }: Snapshot, signal?: AbortSignal): Promise<void> {
  const { version } = hypervisor.qmp;
  if (version !== record.qemuVersion) {
    throw new SnapshotError(
      `snapshot ${record.key} was saved by QEMU ${record.qemuVersion}, but this is QEMU ${version}: remove it (alpy snapshot prune --all), and the next run makes a new one`,
    );
  }
  await step('alpy.qemu', 'Load the snapshot', () => hypervisor.loadState({ timeoutMs: restoreTimeoutMs, signal }));
}

const lineEnds = { lf: '\n', cr: '\r', crlf: '\r\n' } as const;

/** Opens the guest's console and its transcript. */
export async function openConsole(
  { spec: { directory, appliance }, started }: CreationContext,
  hypervisor: Hypervisor,
  signal: AbortSignal,
): Promise<StartedMachine> {
  const stream = await hypervisor.openSerial({ timeoutMs: serialTimeoutMs, signal });
  const consoleEnded = finished(stream, { writable: false, error: false }).catch(() => undefined); // however it ended
  const transcript = Transcript.create(join(directory, 'console'));
  const console = SerialConsole.open(stream, { transcript, lineEnd: lineEnds[appliance.lineEnd] });
  started.console = console;
  return { hypervisor, console, consoleEnded };
}
