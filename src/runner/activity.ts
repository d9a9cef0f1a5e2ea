// SPDX-License-Identifier: GPL-3.0-or-later
import { clearTimeout, setTimeout } from 'node:timers'; // imported: a test may replace the global ones with fakes
import { isJsonObject } from '../core/json-object.ts';
import type { StepCategory, StepEvent, StepSink } from '../core/step.ts';

/** A step that a test is in. */
export interface OpenStep {
  readonly category: StepCategory;
  readonly source: string;
  readonly title: string;
  /** its beginning, in `ms` since 1970 */
  readonly timeMs: number;
}

/** What a running test does at the moment. */
export interface Activity {
  /** as in `TestReport` */
  readonly id: string;
  /** relative to the folder of the tests */
  readonly file: string;
  readonly fullName: string;
  /** outermost first; empty between steps */
  readonly steps: readonly OpenStep[];
}

/** How a worker reports its {@link Activity} among Vitest's messages. */
interface ActivityMessage {
  readonly alpy: 'activity';
  readonly activity: Activity;
}

/** Returns the activity in a message of a worker, if it contains one. */
export function activityOf(message: unknown): Activity | undefined {
  return isJsonObject(message) && message['alpy'] === 'activity' ? (message as unknown as ActivityMessage).activity : undefined;
}

/** Shortest time between two reports of one test, in `ms`. */
const intervalMs = 200;

/** Reports the steps of one test to the main process, a few times a second at most. */
export class ActivityReporter implements Disposable {
  readonly #test: Omit<Activity, 'steps'>;
  readonly #send: (message: ActivityMessage) => void;
  readonly #open = new Map<string, OpenStep>();
  #timer: NodeJS.Timeout | undefined;

  constructor(test: Omit<Activity, 'steps'>, send: (message: ActivityMessage) => void) {
    this.#test = test;
    this.#send = send;
    this.#report();
  }

  /** takes the events of the test */
  readonly sink: StepSink = (event: StepEvent) => {
    if (event.kind === 'log') return;
    const { id, category, source, title, timeMs } = event;
    if (event.kind === 'begin') this.#open.set(id, { category, source, title, timeMs });
    else this.#open.delete(id);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#report();
    }, intervalMs).unref();
  };

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #report(): void {
    this.#send({ alpy: 'activity', activity: { ...this.#test, steps: [...this.#open.values()] } });
  }
}
