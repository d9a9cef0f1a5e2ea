// SPDX-License-Identifier: GPL-3.0-or-later
import { raceWithSignal } from '../core/deadline.ts';
import { Container, helperLimits, type ContainerSpec, type Engine } from '../docker/index.ts';
import { SharkdFailure, SharkdRefusal } from './errors.ts';
import type { Frame, FrameQuery } from './frame.ts';
import { linesOf } from './lines.ts';
import { sharkdPreferences } from './preferences.ts';
import { findColumns, framesOf, framesParameters, parseAnswer, requestLine, type SharkdColumns } from './sharkd-messages.ts';

/**
 * Ends when its input ends, even while sharkd is busy: the kernel kills everything else in the container. Its exit status is
 * that of sharkd.
 */
const script = `mkfifo /tmp/requests
cat <&0 >/tmp/requests &
sharkd - </tmp/requests &
wait -n`;

/** sharkd 4.4 reads its input in pieces of 8191 bytes, and takes each for a request (found by experiment). */
const longestRequestBytes = 8190;

/** Measured: sharkd takes 70 MiB, and 330 MiB for a capture of a million short frames. */
const decoderMemoryMiB = 1024;

/** Where sharkd runs. */
export interface SharkdPlace {
  readonly engine: Engine;
  /** the `qemu` image */
  readonly image: string;
  /** how it sees captures */
  readonly files: Pick<ContainerSpec, 'mounts' | 'volumesFrom'>;
}

/**
 * Wireshark's dissectors as a server in a container. It registers them once, which takes most of the time that tshark needs to
 * read a small capture. When this process ends, the daemon closes the container's input, and sharkd ends too.
 */
export class Sharkd implements AsyncDisposable {
  readonly #container: Container;
  #columns: SharkdColumns = { protocol: '', info: '' };
  #pending: PromiseWithResolvers<unknown> | undefined;
  #lastId = 0;
  #failure: SharkdFailure | undefined;

  private constructor(container: Container) {
    this.#container = container;
    container.expectExit(); // queries report it
    container.stderr.resume(); // sharkd prints the name of each file that it loads
    void this.#read();
    void this.#failAtExit();
  }

  /**
   * Starts sharkd. If that fails, nothing of it is left.
   * @throws SharkdFailure when the image has none, or an unknown version
   * @throws ContainerError when the daemon refuses
   */
  static async start({ engine, image, files }: SharkdPlace, signal: AbortSignal): Promise<Sharkd> {
    const spec: ContainerSpec = {
      name: 'decoder',
      image,
      entrypoint: ['bash', '-c', script],
      command: [],
      networkMode: 'bare',
      dropAllCapabilities: true,
      ...helperLimits,
      tmpfs: { '/tmp': 1 },
      memoryMiB: decoderMemoryMiB,
      ...files,
    };
    const sharkd = new Sharkd(await Container.start(engine, spec, signal));
    try {
      await sharkd.#prepare(signal);
      return sharkd;
    } catch (error) {
      await sharkd[Symbol.asyncDispose]();
      if (error instanceof SharkdRefusal) throw new SharkdFailure(error.message, { cause: error });
      throw error;
    }
  }

  /** why it cannot answer any more; absent as long as it can */
  get failure(): SharkdFailure | undefined {
    return this.#failure;
  }

  /**
   * Returns the frames of a pcap that pass a filter.
   * @param path - where sharkd sees it
   * @throws SharkdRefusal when it does not understand the filter, or cannot read the file
   * @throws SharkdFailure when it has ended or ends meanwhile; the signal's reason; after both it cannot answer any more
   */
  async frames(path: string, query: Omit<FrameQuery, 'fields'>, signal: AbortSignal): Promise<readonly Frame[]> {
    await this.#call('load', { file: path }, signal);
    return framesOf(await this.#call('frames', framesParameters(this.#columns, query), signal));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail(new SharkdFailure('sharkd was ended'));
    await this.#container[Symbol.asyncDispose]();
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    for (const [name, value] of sharkdPreferences) await this.#call('setconf', { name, value }, signal);
    this.#columns = findColumns(await this.#call('info', {}, signal));
  }

  /** Sends a request and waits for its answer. One at a time. */
  async #call(method: string, params: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<unknown> {
    if (this.#failure) throw this.#failure;
    const line = requestLine(this.#lastId + 1, method, params);
    if (Buffer.byteLength(line) - 1 > longestRequestBytes) throw new SharkdRefusal('the request is too long for sharkd');
    this.#lastId += 1;
    const answer = (this.#pending = Promise.withResolvers<unknown>());
    this.#container.stdin.write(line);
    try {
      return await raceWithSignal(answer.promise, signal);
    } catch (error) {
      // sharkd may still answer, after an unknown time, so it cannot take the next request
      if (signal.aborted) this.#fail(new SharkdFailure('sharkd was given up', { cause: error }));
      throw error;
    }
  }

  async #read(): Promise<void> {
    try {
      for await (const line of linesOf(this.#container.stdout)) this.#take(line);
    } catch (error) {
      this.#fail(error instanceof SharkdFailure ? error : new SharkdFailure('cannot read from sharkd', { cause: error }));
    }
  }

  /** @throws SharkdFailure when it does not answer the pending request */
  #take(line: string): void {
    const answer = parseAnswer(line);
    const pending = this.#pending;
    if (!pending || answer.id !== this.#lastId) throw new SharkdFailure('sharkd answered a request that was not sent');
    this.#pending = undefined;
    if (answer.kind === 'result') pending.resolve(answer.result);
    else pending.reject(new SharkdRefusal(`sharkd: ${answer.reason}`));
  }

  async #failAtExit(): Promise<void> {
    const reason = await this.#container.exited.then(
      ({ text }) => new SharkdFailure(`sharkd ended with ${text}${this.#limitNote()}`),
      (cause: unknown) => new SharkdFailure('the connection to the daemon is lost, and sharkd with it', { cause }),
    );
    this.#fail(reason);
  }

  #limitNote(): string {
    return this.#container.outOfMemoryKills === 0 ? '' : `: it needed more than its ${decoderMemoryMiB} MiB of memory`;
  }

  #fail(failure: SharkdFailure): void {
    this.#failure ??= failure;
    this.#pending?.reject(this.#failure);
    this.#pending = undefined;
  }
}
