// SPDX-License-Identifier: GPL-3.0-or-later
import { escapeControls, hasFailed, type TestReport } from '../../../report/index.ts';
import type { Activity } from '../../../runner/index.ts';
import type { OutputStyle } from '../reporters/run-output.ts';
import { activityText } from './activity-text.ts';
import { BootDurations } from './boot-durations.ts';
import type { LiveLines } from './live-lines.ts';

/** How often the seconds are updated, in `ms`. */
const tickMs = 1000;
/** Most tests that are shown at the same time. */
const maxTests = 8;

/** Shows below the output of a run what its tests are doing. */
export class Progress implements Disposable {
  readonly #live: LiveLines;
  readonly #style: OutputStyle;
  readonly #boots: BootDurations;
  readonly #running = new Map<string, Activity>();
  readonly #ended = new Set<string>();
  readonly #startMs = performance.now();
  readonly #timer: NodeJS.Timeout;
  #failed = 0;
  #paused: string | undefined;
  /** what happens while no test runs */
  #status = 'starting';

  constructor(live: LiveLines, style: OutputStyle, boots: BootDurations) {
    this.#live = live;
    this.#style = style;
    this.#boots = boots;
    this.#timer = setInterval(() => {
      this.#show();
    }, tickMs).unref();
    this.#show();
  }

  /** Says what happens while no test runs. */
  status(text: string): void {
    this.#status = text;
    this.#show();
  }

  /** Shows that the run waits for the user, and nothing else; `undefined` ends that. */
  pause(text: string | undefined): void {
    this.#paused = text;
    this.#show();
  }

  /** Takes what a test is doing. */
  activity(activity: Activity): void {
    if (this.#ended.has(activity.id)) return; // it was under way when the test ended
    this.#running.set(activity.id, activity);
    this.#show();
  }

  /** Takes a test that has ended. Call it before its result is printed. */
  test(test: TestReport): void {
    this.#running.delete(test.id);
    this.#ended.add(test.id);
    if (hasFailed(test)) this.#failed += 1;
    this.#boots.learn(test.steps);
    this.#show();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#live[Symbol.dispose]();
  }

  #show(): void {
    const { paint } = this.#style;
    if (this.#paused !== undefined) {
      this.#live.set([paint('yellow', this.#paused)]);
      return;
    }
    const now = Date.now();
    const tests = [...this.#running.values()].slice(0, maxTests).map((activity) => {
      const name = `${escapeControls(activity.file)} > ${escapeControls(activity.fullName)}`;
      return `  ${name}: ${paint(
        'dim',
        activityText(activity, now, (step) => this.#boots.expectedMs(step)),
      )}`;
    });
    const more = this.#running.size - tests.length;
    const failed = this.#failed === 0 ? '' : paint('red', `, ${this.#failed} failed`);
    const seconds = Math.floor((performance.now() - this.#startMs) / 1000);
    const running = this.#running.size === 0 ? this.#status : `${this.#running.size} running`;
    const head = `${paint('yellow', '⋯')} ${running}, ${this.#ended.size} done${failed} ${paint('dim', `(${seconds} s)`)}`;
    this.#live.set([head, ...tests, ...(more > 0 ? [`  and ${more} more`] : [])]);
  }
}
