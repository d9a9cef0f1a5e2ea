// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { raceWithSignal } from '../core/deadline.ts';
import { messageOf } from '../core/errors.ts';
import { log, step } from '../core/step.ts';
import type { Engine, FileAccess } from '../docker/index.ts';
import { CaptureError, SharkdFailure, SharkdRefusal } from './errors.ts';
import type { Look } from './first-frame.ts';
import type { ToWallClock } from './pcap.ts';
import { Sharkd } from './sharkd.ts';
import { writeCorrectedCopy } from './corrected-copy.ts';

/** Where a decoder runs. */
export interface DecoderPlace {
  readonly engine: Engine;
  /** the `qemu` image */
  readonly image: string;
  /** how containers see files of this machine; a decoder is no use when they see none */
  readonly access: Exclude<FileAccess, { readonly kind: 'copy' }>;
  /** absolute path of a folder that has all captures somewhere below it; must exist */
  readonly directory: string;
}

/** What to look for, in which capture. */
export interface DecoderQuery {
  /** the capture, which may grow meanwhile */
  readonly file: string;
  readonly toWallClock: ToWallClock;
  /** display filter; empty for all frames */
  readonly filter: string;
  /** how many frames at most; absent for all */
  readonly limit?: number | undefined;
}

/** Where {@link DecoderPlace.directory} is mounted. */
const mountedAt = '/alpy/captures';

/**
 * Decodes captures by a sharkd that is started at the first query, and again at the next one when it has ended or was given
 * up. Queries are answered one after the other.
 */
export class Decoder implements AsyncDisposable {
  readonly #place: DecoderPlace;
  #sharkd: Sharkd | undefined;
  #isClosed = false;
  /** settles when nobody is before the next one; never fails */
  #turn: Promise<void> = Promise.resolve();

  constructor(place: DecoderPlace) {
    this.#place = place;
  }

  /**
   * The frames so far that pass a filter, or `undefined` when tshark has to be asked: sharkd has refused, for which it gives no
   * reason, or has ended.
   * @throws CaptureError when the capture is damaged
   * @throws ContainerError when the daemon refuses; the signal's reason
   */
  async frames(query: DecoderQuery, signal: AbortSignal): Promise<Look | undefined> {
    return this.#inTurn(signal, async () => {
      if (this.#isClosed) return undefined;
      try {
        return await this.#ask((this.#sharkd ??= await this.#start(signal)), query, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof SharkdRefusal || error instanceof SharkdFailure)) throw error;
        log('alpy.capture', `${error.message}: tshark decodes instead`);
        return undefined;
      } finally {
        await this.#releaseFailed();
      }
    });
  }

  /** Ends it, and the query that is under way; those that wait are for tshark. May be called again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#sharkd?.[Symbol.asyncDispose]();
    await this.#turn; // one that was just being started
    await this.#sharkd?.[Symbol.asyncDispose]();
  }

  async #start(signal: AbortSignal): Promise<Sharkd> {
    const { engine, image, access, directory } = this.#place;
    const files =
      access.kind === 'bind'
        ? { mounts: [{ source: directory, target: mountedAt, readOnly: true }] }
        : { volumesFrom: [access.container] };
    try {
      return await step('alpy.capture', 'Start the decoder', () => Sharkd.start({ engine, image, files }, signal));
    } catch (error) {
      if (error instanceof SharkdFailure) this.#isClosed = true; // it would be no better the next time
      throw error;
    }
  }

  async #ask(sharkd: Sharkd, { file, toWallClock, filter, limit }: DecoderQuery, signal: AbortSignal): Promise<Look> {
    const copy = join(dirname(file), `.${basename(file, '.pcap')}-${randomBytes(6).toString('hex')}`);
    try {
      const looked = await writeCorrectedCopy(file, copy, toWallClock, signal).catch(refuse);
      return { frames: await sharkd.frames(this.#seen(copy), filter, limit, signal), looked };
    } finally {
      await rm(copy, { force: true });
    }
  }

  /** A path as sharkd sees it. */
  #seen(path: string): string {
    const { access, directory } = this.#place;
    return access.kind === 'bind' ? join(mountedAt, relative(directory, path)) : path;
  }

  async #releaseFailed(): Promise<void> {
    if (!this.#sharkd?.failure) return;
    const failed = this.#sharkd;
    this.#sharkd = undefined;
    await failed[Symbol.asyncDispose]();
  }

  async #inTurn<T>(signal: AbortSignal, body: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    const done = Promise.withResolvers<void>();
    this.#turn = Promise.all([before, done.promise]).then(() => undefined); // who gives up its turn lets nobody overtake
    try {
      await raceWithSignal(before, signal);
      return await body();
    } finally {
      done.resolve();
    }
  }
}

/** A folder in which nothing can be written is no reason to fail: tshark needs no copy there. */
function refuse(cause: unknown): never {
  throw cause instanceof CaptureError ? cause : new SharkdRefusal(`no copy for sharkd: ${messageOf(cause)}`, { cause });
}
