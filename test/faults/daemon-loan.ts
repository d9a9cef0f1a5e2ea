// SPDX-License-Identifier: GPL-3.0-or-later
import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { resolveImages } from '../../src/images/index.ts';
import { MissedError } from './missed-error.ts';
import { fillerName } from '../support/fill-disk.ts';
import { OwnDaemon } from '../support/own-daemon.ts';

const run = promisify(execFile);
const neededImages = new Set(['qemu', 'node', 'traffic']);
/** Size of the file system for images and containers, in MiB; the images take about 600. */
const rootMiB = 1500;

/** Lends the campaign's own daemon to one case at a time. It is started for the first one. */
export class DaemonLoan implements AsyncDisposable {
  readonly #directory: string;
  readonly #docker: Docker;
  #daemon: OwnDaemon | undefined;
  #last: Promise<void> = Promise.resolve();

  /** @param docker - the daemon that has the images */
  constructor(directory: string, docker: Docker) {
    this.#directory = directory;
    this.#docker = docker;
  }

  /** Waits until no other case has the daemon. @throws MissedError when none can be started here */
  async borrow(): Promise<AsyncDisposable & { readonly daemon: OwnDaemon }> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#last;
    this.#last = promise;
    await before;
    try {
      const daemon = (this.#daemon ??= await this.#start());
      await daemon.ensureRunning();
      return {
        daemon,
        [Symbol.asyncDispose]: async () => {
          await rm(join(daemon.root, fillerName), { force: true });
          resolve();
        },
      };
    } catch (error) {
      resolve();
      throw new MissedError(`cannot start another Docker daemon: ${String(error)}`, { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#daemon) return;
    await this.#daemon[Symbol.asyncDispose]();
    await run('umount', ['--lazy', this.#daemon.root]);
  }

  async #start(): Promise<OwnDaemon> {
    const root = join(this.#directory, 'root');
    await mkdir(root, { recursive: true });
    await run('mount', ['-t', 'tmpfs', '-o', `size=${rootMiB}m`, 'tmpfs', root]);
    const images = resolveImages(process.env).filter(({ name }) => neededImages.has(name));
    return OwnDaemon.open(
      this.#directory,
      this.#docker,
      images.map(({ reference }) => reference),
    );
  }
}
