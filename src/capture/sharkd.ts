// SPDX-License-Identifier: GPL-3.0-or-later
import { raceWithSignal } from '../core/deadline.ts';
import { Container, type ContainerSpec, type Engine } from '../docker/index.ts';
import { SharkdFailure, SharkdRefusal } from './errors.ts';
import type { Frame } from './frame.ts';
import { linesOf } from './lines.ts';
import { sharkdPreferences } from './preferences.ts';
import { findColumns, framesOf, framesParameters, parseAnswer, requestLine, type SharkdColumns } from './sharkd-messages.ts';

/**
 * Ends as soon as its input does, also while sharkd is busy: the kernel kills all that runs beside the first process. Its
 * status is that of sharkd.
 */
const script = `mkfifo /tmp/requests
cat <&0 >/tmp/requests &
sharkd - </tmp/requests &
wait -n`;

/** sharkd 4.4 reads its input in pieces of 8191 bytes, and takes each for a request (found out by trying). */
const longestRequestBytes = 8190;

/** Where sharkd runs. */
export interface SharkdPlace {
  readonly engine: Engine;
  /** the `qemu` image */
  readonly image: string;
  /** how it sees captures */
  readonly files: Pick<ContainerSpec, 'mounts' | 'volumesFrom'>;
}

/**
 * Wireshark's dissectors as a server, in a container of its own: it has registered them once, which takes most of the time that
 * tshark needs to read a small capture. When this process ends, the daemon closes its input, and it ends too.
 */
export class Sharkd implements AsyncDisposable {
  readonly #container: Container;
  #columns: SharkdColumns = { protocol: '', info: '' };
  #pending: PromiseWithResolvers<unknown> | undefined;
  #lastId = 0;
  #failure: SharkdFailure | undefined;

  private constructor(container: Container) {
    this.#container = container;
    container.expectExit(); // whoever asks is told
    container.stderr.resume(); // it names each file it loads
    void this.#read();
    void this.#failAtExit();
  }

  /**
   * Starts it, or leaves nothing behind.
   * @throws SharkdFailure when there is none in the image, or it is not one that we know
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
      sharedMemory: false,
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

  /** why it cannot be asked any more; absent as long as it can */
  get failure(): SharkdFailure | undefined {
    return this.#failure;
  }

  /**
   * The frames of a pcap that pass a filter.
   * @param path - where sharkd sees it
   * @param limit - how many frames at most; absent for all
   * @throws SharkdRefusal when it does not understand the filter, or cannot read the file
   * @throws SharkdFailure when it has ended or ends meanwhile; the signal's reason; in both cases it can be asked no more
   */
  async frames(path: string, filter: string, limit: number | undefined, signal: AbortSignal): Promise<readonly Frame[]> {
    await this.#call('load', { file: path }, signal);
    return framesOf(await this.#call('frames', framesParameters(this.#columns, filter, limit), signal));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail(new SharkdFailure('sharkd was ended'));
    await this.#container[Symbol.asyncDispose]();
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    for (const [name, value] of sharkdPreferences) await this.#call('setconf', { name, value }, signal);
    this.#columns = findColumns(await this.#call('info', {}, signal));
  }

  /** One at a time. */
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
      // its answer may still come, when nobody knows how long it takes
      if (signal.aborted) this.#fail(new SharkdFailure('sharkd was given up', { cause: error }));
      throw error;
    }
  }

  async #read(): Promise<void> {
    try {
      for await (const line of linesOf(this.#container.stdout)) this.#take(line);
    } catch (error) {
      this.#fail(error instanceof SharkdFailure ? error : new SharkdFailure('sharkd cannot be heard', { cause: error }));
    }
  }

  /** @throws SharkdFailure when it is no answer to what was asked */
  #take(line: string): void {
    const answer = parseAnswer(line);
    const pending = this.#pending;
    if (!pending || answer.id !== this.#lastId) throw new SharkdFailure('sharkd answered what it was not asked');
    this.#pending = undefined;
    if (answer.kind === 'result') pending.resolve(answer.result);
    else pending.reject(new SharkdRefusal(`sharkd: ${answer.reason}`));
  }

  async #failAtExit(): Promise<void> {
    const reason = await this.#container.exited.then(
      ({ text }) => new SharkdFailure(`sharkd ended with ${text}`),
      (cause: unknown) => new SharkdFailure('sharkd is lost with the daemon', { cause }),
    );
    this.#fail(reason);
  }

  #fail(failure: SharkdFailure): void {
    this.#failure ??= failure;
    this.#pending?.reject(this.#failure);
    this.#pending = undefined;
  }
}
