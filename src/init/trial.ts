// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import { lastLine } from '../access/index.ts';
import { readTextScreen } from '../qemu/index.ts';
import type { CreatedTestbed } from '../testbed/index.ts';
import { judge, type Outcome } from './watch.ts';

/** How a guest is watched. */
export interface WatchOptions {
  /** longest boot, in `ms` */
  readonly bootMs: number;
  /** longest silence of a guest that has printed nothing that helps, in `ms` */
  readonly silenceMs: number;
  /** tells the user what the guest is doing */
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal;
}

const tickMs = 1000;
/** How often the user hears something, in `ms`. */
const progressMs = 10_000;
/** After how much silence Enter is pressed, and the screen is read, in `ms`. */
const nudgeMs = 10_000;
const screenTimeoutMs = 10_000;

/** Starts the guest, and watches its console and its screen until it stands at a prompt, complains, or takes too long. */
export async function watchBoot({ dut }: CreatedTestbed, options: WatchOptions): Promise<Outcome> {
  const { bootMs, silenceMs, onProgress, signal } = options;
  const startMs = performance.now();
  let [progressAtMs, actAtMs] = [startMs + progressMs, startMs + nudgeMs];
  let enter: { readonly line: string; readonly position: number } | undefined;
  let screen: readonly string[] | undefined;
  await dut.start();
  for (;;) {
    await sleep(tickMs, undefined, { signal });
    const nowMs = performance.now();
    const view = { console: dut.console.lastText, screen, quietMs: dut.console.quietMs };
    const isAnswered = enter !== undefined && dut.console.position > enter.position;
    const outcome = judge(view, isAnswered ? enter?.line : undefined);
    if (outcome) return outcome;
    if (dut.failure) return { kind: 'trouble', sign: { trouble: 'panic', line: messageOf(dut.failure).split('\n')[0] ?? '' } };
    if (nowMs - startMs > bootMs || view.quietMs > silenceMs) return { kind: 'silent', screen: screen ?? [] };
    if (nowMs > progressAtMs) {
      progressAtMs = nowMs + progressMs;
      onProgress(
        `${Math.round((nowMs - startMs) / 1000)} s: ${lastShown(view.console) ?? lastShown(screen?.join('\n') ?? '') ?? 'nothing yet'}`,
      );
    }
    if (view.quietMs > nudgeMs && nowMs > actAtMs) {
      actAtMs = nowMs + nudgeMs;
      screen = await screenOf(dut);
      enter = { line: lastLine(view.console), position: dut.console.position };
      await dut.console.sendLine('', { signal });
    }
  }
}

function lastShown(text: string): string | undefined {
  return text
    .split(/[\r\n]+/)
    .findLast((line) => line.trim() !== '')
    ?.trim()
    .slice(0, 100);
}

/** The guest is stopped meanwhile, because it uses the same registers. */
async function screenOf(dut: CreatedTestbed['dut']): Promise<readonly string[] | undefined> {
  if (!(await dut.isRunning())) return undefined;
  await dut.pause();
  try {
    return await readTextScreen(dut.qmp, { timeoutMs: screenTimeoutMs });
  } finally {
    await dut.start();
  }
}
