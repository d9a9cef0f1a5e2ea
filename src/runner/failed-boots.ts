// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AlpyError, codeOf, messageOf, type Fault } from '../core/errors.ts';
import { log } from '../core/step.ts';
import { ConsoleClosedError } from '../console/index.ts';
import { HypervisorError } from '../qemu/index.ts';
import { SnapshotError } from '../snapshot/index.ts';
import { BootError } from '../testbed/index.ts';

/** The same boot failed for another test of this run and is not tried again. */
export class FailedBeforeError extends AlpyError {
  readonly code: string;
  readonly fault: Fault;
  /** why a test does not run that needs the same boot */
  readonly skipReason: string;

  constructor({ code, fault, message, test, directory }: FailedBoot) {
    super(
      `the same boot failed before in this run, for the test "${test}", and is not tried again: ${message.split('\n')[0] ?? ''}\nits console log and screen are in ${directory}`,
    );
    this.code = code;
    this.fault = fault;
    this.skipReason = `not run: the device did not boot for the test "${test}"`;
  }
}

/** The test for which a guest is booted. */
export interface BootingTest {
  readonly test: string;
  /** absolute path of the folder for console log and screenshot */
  readonly directory: string;
}

interface FailedBoot extends BootingTest {
  readonly code: string;
  readonly fault: Fault;
  readonly message: string;
}

/** The boots that failed in a run, by what was booted. The workers of the run share them as files in a folder of the run. */
export class FailedBoots {
  readonly #directory: string;

  /** @param directory - absolute path of a folder that is removed with the run */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Boots, unless the same boot has failed before. Remembers a failure if the boot itself is at fault: trouble with the machine or
   * the daemon may be over the next time.
   * @param key - identifies what is booted; boots with the same key must not run in parallel
   * @param signal - if it has fired, the failure is not remembered
   * @throws FailedBeforeError, or SnapshotError if the guest had booted but could not be saved
   * @throws what `boot` throws
   */
  async guard<T>(key: string, booting: BootingTest, signal: AbortSignal, boot: () => Promise<T>): Promise<T> {
    const before = await this.#find(key);
    if (before?.code === snapshotCode) throw new SnapshotError(before.message);
    if (before) throw new FailedBeforeError(before);
    try {
      return await boot();
    } catch (error) {
      if (!signal.aborted && wouldFailAgain(error))
        await this.#remember(key, { ...booting, ...factsOf(error) }).catch(logFailure);
      throw error;
    }
  }

  async #find(key: string): Promise<FailedBoot | undefined> {
    try {
      return JSON.parse(await readFile(this.#fileOf(key), 'utf8')) as FailedBoot;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async #remember(key: string, failed: FailedBoot): Promise<void> {
    const draft = `${this.#fileOf(key)}.${randomBytes(6).toString('hex')}`;
    await writeFile(draft, JSON.stringify(failed));
    await rename(draft, this.#fileOf(key));
  }

  #fileOf(key: string): string {
    return join(this.#directory, `failed-boot-${key}.json`);
  }
}

/** Must not throw: why the boot failed is the error to report. */
function logFailure(error: unknown): void {
  log('alpy.runner', `cannot store that this boot failed, so other tests will try it again: ${messageOf(error)}`);
}

const snapshotCode = new SnapshotError('').code;

function factsOf({ code, fault, message }: AlpyError): Pick<FailedBoot, 'code' | 'fault' | 'message'> {
  return { code, fault, message };
}

/**
 * Whether a boot would fail again after the same long wait: the appliance or its configuration is at fault. Also true for a guest
 * that cannot be saved. A QEMU that does not start is tried again, because it fails at once and says why.
 */
function wouldFailAgain(error: unknown): error is AlpyError {
  if (!(error instanceof AlpyError) || error instanceof HypervisorError) return false;
  if (error instanceof SnapshotError) return true;
  const cause = error instanceof BootError && error.cause instanceof AlpyError ? error.cause : error;
  if (cause instanceof ConsoleClosedError) return false; // QEMU ended; a guest that powers off is another error
  const { fault } = cause;
  return fault === 'device' || fault === 'usage';
}
