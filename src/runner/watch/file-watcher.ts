// SPDX-License-Identifier: GPL-3.0-or-later
import { watch, type FSWatcher } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { raceWithSignal } from '../../core/deadline.ts';

/** How long to wait for further files that an editor or a program saves at the same time, in `ms`. */
const togetherMs = 50;

/** Notices changed files. */
export class FileWatcher implements Disposable {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #changed = new Set<string>();
  #wake = Promise.withResolvers<void>();

  /** Also watches the folders of files, so that new files in them are noticed, too. */
  add(files: Iterable<string>): void {
    for (const directory of new Set([...files].map((file) => dirname(file)))) {
      if (this.#watchers.has(directory)) continue;
      const watcher = watch(directory, (_event, name) => {
        if (name === null) return;
        this.#changed.add(join(directory, name));
        this.#wake.resolve();
      });
      watcher.on('error', () => {
        this.#watchers.delete(directory); // it was removed
      });
      this.#watchers.set(directory, watcher);
    }
  }

  /**
   * Waits for changes, and returns the absolute paths of files that have changed since the last call.
   * @throws the signal's reason
   */
  async next(signal: AbortSignal): Promise<ReadonlySet<string>> {
    await raceWithSignal(this.#wake.promise, signal);
    await sleep(togetherMs, undefined, { signal });
    const changed = new Set(this.#changed);
    this.#changed.clear();
    this.#wake = Promise.withResolvers();
    return changed;
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers.values()) watcher.close();
  }
}
