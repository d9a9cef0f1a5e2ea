// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';

/** How long the daemon may take to start and to end, in `ms`. */
const [startMs, endMs] = [60_000, 30_000];

/** A Docker daemon of the campaign, which faults may kill and stop. */
export class OwnDaemon implements AsyncDisposable {
  readonly docker: Docker;
  /** value of DOCKER_HOST */
  readonly host: string;
  /** where it keeps images and containers */
  readonly root: string;
  readonly #directory: string;
  #process: ChildProcess | undefined;

  private constructor(directory: string) {
    this.#directory = directory;
    this.root = join(directory, 'root');
    this.host = `unix://${directory}/docker.sock`;
    this.docker = new Docker({ socketPath: join(directory, 'docker.sock') });
  }

  /**
   * Starts a daemon with some images of another one.
   * @param directory - for all of its files; its path must be short, because it contains sockets
   * @throws Error when dockerd cannot be started
   */
  static async open(directory: string, from: Docker, images: readonly string[]): Promise<OwnDaemon> {
    const daemon = new OwnDaemon(directory);
    await mkdir(daemon.root, { recursive: true });
    try {
      await daemon.ensureRunning();
      for (const name of images) {
        const loading = await daemon.docker.loadImage(await from.getImage(name).get());
        loading.resume();
        await once(loading, 'end');
      }
      return daemon;
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts it if it does not run, and waits until it answers. */
  async ensureRunning(): Promise<void> {
    if (this.#process?.exitCode === null && this.#process.signalCode === null) return;
    const place = (name: string): string => join(this.#directory, name);
    const own = ['--data-root', this.root, '--exec-root', place('exec'), '--pidfile', place('pid'), '--host', this.host];
    this.#process = spawn('dockerd', [...own, '--iptables=false', '--ip6tables=false', '--bridge=none'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log = createWriteStream(place('log'), { flags: 'a' });
    for (const output of [this.#process.stdout!, this.#process.stderr!]) output.pipe(log, { end: false });
    const limit = performance.now() + startMs;
    while (
      !(await this.docker.ping().then(
        () => true,
        () => false,
      ))
    ) {
      if (performance.now() > limit || this.#process.exitCode !== null)
        throw new Error(`dockerd does not answer; see ${place('log')}`);
      await sleep(50);
    }
  }

  /** Sends the daemon a signal. */
  send(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Waits until it has ended. */
  async ended(): Promise<void> {
    if (this.#process?.exitCode === null && this.#process.signalCode === null)
      await once(this.#process, 'exit', { signal: AbortSignal.timeout(endMs) });
  }

  /** Ends it with all of its containers. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.send('SIGCONT');
    this.send('SIGTERM');
    await this.ended().catch(async () => {
      this.send('SIGKILL');
      await this.ended();
    });
  }
}
