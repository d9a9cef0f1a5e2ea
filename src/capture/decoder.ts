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
import type { FrameQuery } from './frame.ts';
import type { ToWallClock } from './pcap.ts';
import { Sharkd } from './sharkd.ts';
import { writeCorrectedCopy } from './corrected-copy.ts';

/** Where a decoder runs. */
export interface DecoderPlace {
  readonly engine: Engine;
  /** the `qemu` image */
  readonly image: string;
  /** how containers see files of this machine; without access a decoder is useless */
  readonly access: Exclude<FileAccess, { readonly kind: 'copy' }>;
  /** absolute path of a folder with all captures below it; must exist */
  readonly directory: string;
}

/** A capture of this machine. It may grow while it is read. */
export interface CaptureFile {
  /** absolute path */
  readonly file: string;
  readonly toWallClock: ToWallClock;
}

/** The part of a query that sharkd answers. */
type DecodedQuery = Omit<FrameQuery, 'fields'>;

/** Where {@link DecoderPlace.directory} is mounted. */
const mountedAt = '/alpy/captures';

/**
 * Decodes captures with a sharkd process. It is started at the first query, and restarted at the next one if it has ended or
 * was given up. Queries are answered one at a time.
 */
export class Decoder implements AsyncDisposable {
  readonly #place: DecoderPlace;
  #sharkd: Sharkd | undefined;
  #isClosed = false;
  /** settles when the queries before the next one are answered; never rejects */
  #turn: Promise<void> = Promise.resolve();

  constructor(place: DecoderPlace) {
    this.#place = place;
  }

  /**
   * Returns the frames so far that pass the filter, without fields. Returns `undefined` when tshark has to be asked: sharkd has
   * refused, which it does without a reason, or has ended.
   * @throws CaptureError when the capture is damaged
   * @throws ContainerError when the daemon refuses; the signal's reason
   */
  async frames(capture: CaptureFile, query: DecodedQuery, signal: AbortSignal): Promise<Look | undefined> {
    return this.#inTurn(signal, async () => {
      if (this.#isClosed) return undefined;
      try {
        return await this.#ask((this.#sharkd ??= await this.#start(signal)), capture, query, signal);
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

  /** Ends sharkd and the query that it is answering; pending queries go to tshark. May be called again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#sharkd?.[Symbol.asyncDispose]();
    await this.#turn; // a sharkd may just have been starting
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
      if (error instanceof SharkdFailure) this.#isClosed = true; // it would fail again
      throw error;
    }
  }

  async #ask(sharkd: Sharkd, { file, toWallClock }: CaptureFile, query: DecodedQuery, signal: AbortSignal): Promise<Look> {
    const copy = join(dirname(file), `.${basename(file, '.pcap')}-${randomBytes(6).toString('hex')}`);
    try {
      const looked = await writeCorrectedCopy(file, copy, toWallClock, signal).catch(refuse);
      return { frames: await sharkd.frames(this.#containerPath(copy), query, signal), looked };
    } finally {
      await rm(copy, { force: true });
    }
  }

  /** Returns a path as sharkd sees it. */
  #containerPath(path: string): string {
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
    this.#turn = Promise.all([before, done.promise]).then(() => undefined); // a query that gives up must not let later ones overtake
    try {
      await raceWithSignal(before, signal);
      return await body();
    } finally {
      done.resolve();
    }
  }
}

/** If the copy cannot be written, the query goes to tshark, which needs no copy. */
function refuse(cause: unknown): never {
  throw cause instanceof CaptureError
    ? cause
    : new SharkdRefusal(`cannot write a copy for sharkd: ${messageOf(cause)}`, { cause });
}
