// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn } from 'node:child_process';
import { extname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { ownIdentity } from '../core/identity.ts';

/** Of which run and daemon a guard removes containers. */
export interface GuardedRun {
  readonly runId: string;
  /** absent: the daemon that the `docker` command uses */
  readonly socketPath?: string | undefined;
}

/** What a guard has to know besides the containers. */
export type GuardNote =
  /** the process that is guarded, as text of `ownIdentity`: nothing happens before it is dead */
  | { readonly owner: string }
  /** another process of the run, in the same form: it must end with the run */
  | { readonly process: string }
  /** files with names of `ownedName`, which are removed when their process is dead */
  | { readonly folder: string; readonly prefix: string }
  /** a folder in which tests have folders for QEMU's sockets */
  | { readonly socketsBelow: string }
  /** a socket of the run, which is removed if no program listens at it, and its folder if that is empty then */
  | { readonly socket: string }
  /** another file or folder of the run */
  | { readonly path: string };

/** The word that ends a guard without a clean-up. */
const farewell = 'done';

/**
 * Collects notes, one per line, as arguments of a program that it starts when its input ends without the farewell. A shell, because it
 * takes 1 MB and starts in a millisecond; Node would take 40 times that in each run, for something that happens in few.
 */
const script = `while read -r line; do [ "$line" = ${farewell} ] && exit 0; set -- "$@" "$line"; done; unset NODE_OPTIONS; exec "$@"`;

/**
 * A small process that cleans up after this process if it is killed: it removes the containers of the run in any state, also those that
 * were never started, and the files that were noted. It is in a session of its own, so a signal to the process group does not reach it.
 * It learns of the end of this process because the pipe between them closes.
 */
export class Guard implements Disposable {
  readonly #input: Writable | undefined;

  private constructor(input: Writable | undefined) {
    this.#input = input;
  }

  /** Starts it. If that is impossible, nothing guards the run, and the next run or `alpy clean` removes what it leaves. */
  static start(run: GuardedRun): Guard {
    const identity = ownIdentity();
    if (identity === undefined) return new Guard(undefined); // without /proc nobody could see whether a process is dead
    const program = [process.execPath, join(import.meta.dirname, `sweep${extname(import.meta.filename)}`), JSON.stringify(run)];
    const child = spawn('sh', ['-c', script, 'alpy-guard', ...program], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'], // not alpy's own: its caller may wait until every process has closed them
    });
    child.on('error', () => undefined); // see above
    child.stdin.on('error', () => undefined); // it was killed
    child.unref();
    (child.stdin as unknown as { readonly unref?: () => void }).unref?.();
    const guard = new Guard(child.stdin);
    guard.note({ owner: identity });
    return guard;
  }

  /** Tells it what else must be gone when this process is dead. */
  note(note: GuardNote): void {
    this.#input?.write(`${JSON.stringify(note)}\n`);
  }

  /** Lets it clean up after this process has ended by itself, because this process cannot. */
  takeOver(): void {
    this.#input?.end();
  }

  /** Ends it, because this process has cleaned up. */
  [Symbol.dispose](): void {
    this.#input?.end(`${farewell}\n`);
  }
}
