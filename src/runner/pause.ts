// SPDX-License-Identifier: GPL-3.0-or-later
import { isJsonObject } from '../core/json-object.ts';
import { messageOf } from '../core/errors.ts';
import type { ThrownError } from '../report/status.ts';
import type { Testbed } from '../testbed/index.ts';

/** A test that has failed, and whose testbed waits for the user. */
export interface PausedTest {
  /** as in `TestReport` */
  readonly id: string;
  /** absolute path of the test file */
  readonly file: string;
  readonly fullName: string;
  /** as Vitest passes them on */
  readonly errors: readonly ThrownError[];
}

/** How a worker reports a {@link PausedTest} among Vitest's messages. */
interface PauseMessage {
  readonly alpy: 'pause';
  readonly paused: PausedTest;
  /** why the testbed does not wait; absent if it does */
  readonly problem?: string;
}

/** Returns the paused test in a message of a worker, if it contains one. */
export function pauseOf(message: unknown): Omit<PauseMessage, 'alpy'> | undefined {
  return isJsonObject(message) && message['alpy'] === 'pause' ? (message as unknown as PauseMessage) : undefined;
}

/** The parts of an error that can be sent to another process. */
export function plainError(error: unknown): ThrownError {
  if (!(error instanceof Error)) return { message: messageOf(error) };
  const { name, message, stack } = error;
  const { code, fault } = error as ThrownError;
  return { name, message, stack, code: typeof code === 'string' ? code : undefined, fault };
}

/**
 * Keeps the testbed of a failed test until `alpy down`, or the user in the main process, ends the pause. Meanwhile the session
 * commands act on it. Never throws: why the test failed is the error to report.
 * @param sessionDirectory - folder of the session
 */
export async function pauseTest(
  paused: PausedTest,
  testbed: Testbed,
  directory: string,
  sessionDirectory: string,
  send: (message: PauseMessage) => void,
): Promise<void> {
  try {
    const { holdTestbed } = await import('../session/hold.ts'); // only now, because it takes long to load
    await holdTestbed(sessionDirectory, { testbed, services: new Map(), directory }, () => {
      send({ alpy: 'pause', paused });
    });
  } catch (error) {
    send({ alpy: 'pause', paused, problem: messageOf(error) });
  }
}
