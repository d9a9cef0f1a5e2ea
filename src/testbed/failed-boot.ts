// SPDX-License-Identifier: GPL-3.0-or-later
import { withDeadline } from '../core/deadline.ts';
import { AlpyError, EnvironmentError, messageOf } from '../core/errors.ts';
import { log, step } from '../core/step.ts';
import { durationText } from '../core/text.ts';
import { readTextScreen, type QmpClient } from '../qemu/index.ts';
import { BootError } from './errors.ts';

/** A guest that did not boot. */
export interface FailedGuest {
  readonly name: string;
  readonly qmp: QmpClient;
  /** why the device may not have become ready, as lines for the message */
  readonly hints: readonly string[];
  screenshot(path: string): Promise<void>;
}

/** How long it may take to examine the screen, in `ms`. */
const lookTimeoutMs = 5_000;

/**
 * Saves a picture of the screen of a guest that did not boot, and explains what is known.
 * @param picture - absolute path of the file for a picture of the screen
 * @param signal - ends the examination of the screen early
 * @returns the error to throw: `error` itself if the configuration is wrong, otherwise a BootError that also says what the screen shows
 */
export async function explainFailedBoot(
  guest: FailedGuest,
  picture: string,
  error: unknown,
  signal?: AbortSignal,
): Promise<Error> {
  const screen = guest.qmp.isClosed
    ? []
    : await step('alpy.testbed', `Look at the screen of ${guest.name}`, () => look(guest, picture, signal));
  if (error instanceof AlpyError && error.fault === 'usage') return error; // the configuration is wrong, not the device
  const lines = [`${guest.name} did not boot: ${messageOf(error)}`, ...guest.hints, ...screen.flatMap(({ notes }) => notes)];
  const ofCause = error instanceof AlpyError ? (error.details ?? []) : [];
  const details = [...ofCause, ...screen.flatMap(({ shown }) => (shown ? [{ title: 'The screen', lines: shown }] : []))];
  return new BootError(lines.join('\n'), { cause: error, details });
}

/** What is known of a screen. */
interface Screen {
  /** lines for the message */
  readonly notes: readonly string[];
  /** the text on it */
  readonly shown?: readonly string[];
}

/** An error here must not hide why the guest did not boot. */
async function look(guest: FailedGuest, picture: string, signal?: AbortSignal): Promise<readonly Screen[]> {
  const attempt = async (body: () => Promise<Screen>): Promise<readonly Screen[]> => {
    const tooLong = (): Error => new EnvironmentError(`QEMU took more than ${durationText(lookTimeoutMs)}`);
    try {
      return [await withDeadline({ timeoutMs: lookTimeoutMs, signal }, tooLong, body)];
    } catch (error) {
      log('alpy.testbed', `cannot read the screen: ${messageOf(error)}`);
      return [];
    }
  };
  const text = await attempt(() => textOf(guest));
  const saved = await attempt(async () => {
    await guest.screenshot(picture);
    return { notes: [`picture of the screen: ${picture}`] };
  });
  return [...text, ...saved];
}

async function textOf({ qmp }: FailedGuest): Promise<Screen> {
  const wait = { timeoutMs: lookTimeoutMs };
  const { running } = (await qmp.execute('query-status', undefined, wait)) as { readonly running: boolean };
  if (running) await qmp.execute('stop', undefined, wait);
  try {
    const lines = await readTextScreen(qmp, wait);
    if (lines === undefined) return { notes: ['the screen is in graphic mode'] };
    return lines.length === 0 ? { notes: ['the screen is empty'] } : { notes: notesOn(lines), shown: lines };
  } finally {
    if (running) await qmp.execute('cont', undefined, wait);
  }
}

/** What the firmware says if it finds nothing to boot: SeaBIOS, and OVMF in its shell. */
const nothingToBoot = /No bootable device|Boot failed|BdsDxe: No bootable option/i;

function notesOn(lines: readonly string[]): readonly string[] {
  const line = lines.find((one) => nothingToBoot.test(one));
  if (line === undefined) return [];
  return [
    `expected a disk, CD or network that the firmware can boot, got ${JSON.stringify(line.trim())}. Try appliance.firmware: uefi (or bios), appliance.disk: ahci, or another image`,
  ];
}
