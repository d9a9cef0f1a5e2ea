// SPDX-License-Identifier: GPL-3.0-or-later
import { chmod, link, mkdtemp, readdir, rm, stat, statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { basename, join } from 'node:path';
import type { Wait } from '../core/deadline.ts';
import { EnvironmentError, messageOf } from '../core/errors.ts';
import { markHandled } from '../core/mark-handled.ts';
import { Lifeline, type Container, type Engine, type Mount } from '../docker/index.ts';
import { QemuContainer } from '../qemu/qemu-container.ts'; // not the index: workers need this before all else
import { runMount } from '../qemu/qemu-files.ts';
import type { LifelinePlan } from './lifeline-plan.ts';

/**
 * The first two containers of a testbed: the lifeline, and the container in which QEMU runs. If one ends, the other one is ended,
 * too. QEMU's container sees one folder of this machine that it can write to, the exchange folder: it belongs to this pair alone, and
 * contains links to files of the testbed. QEMU's user can create nothing in it.
 */
export class LifelinePair implements AsyncDisposable {
  readonly lifeline: Lifeline;
  /** settles when the container is created; rejects if it cannot be */
  readonly qemu: Promise<QemuContainer>;
  /**
   * settles when both run. Nodes start after that: if the daemon starts all containers at once, QEMU's, in which most remains to be
   * done, is ready only after the last node
   */
  readonly running: Promise<void>;
  /** absolute path of the exchange folder; empty if files are copied */
  readonly exchange: string;
  /** what QEMU's container shows, by path */
  readonly #shown: ReadonlyMap<string, string>;
  #firstEnded: Container | undefined;

  private constructor(lifeline: Lifeline, qemu: Promise<QemuContainer>, exchange: string, shown: ReadonlyMap<string, string>) {
    this.lifeline = lifeline;
    this.qemu = qemu;
    this.exchange = exchange;
    this.#shown = shown;
    this.running = qemu.then(({ running }) => running);
    markHandled(this.running); // whoever awaits it gets the error
    markHandled(this.#endTogether());
  }

  /**
   * Creates the lifeline. It starts in the background, and QEMU's container after it.
   * @throws ContainerError if the daemon refuses
   * @throws EnvironmentError if the exchange folder cannot be created
   */
  static async create(engine: Engine, plan: LifelinePlan, signal?: AbortSignal): Promise<LifelinePair> {
    const { image, qemu: spec, directory, isMounted } = plan;
    const exchange = directory === undefined ? '' : await createExchange(directory);
    try {
      const mounts = [...(spec.mounts ?? []), ...(isMounted ? [runMount(exchange)] : [])];
      const memoryMiB = spec.memoryMiB + (await writtenMemoryMiB(mounts)); // files in memory count as memory of whoever writes them
      const shown = await identitiesOf(mounts.map(({ source }) => source));
      const lifeline = await Lifeline.create(engine, image, signal);
      const qemu = QemuContainer.create(engine, { ...spec, mounts, memoryMiB }, lifeline, signal);
      markHandled(qemu); // whoever awaits it gets the error
      return new LifelinePair(lifeline, qemu, exchange, shown);
    } catch (error) {
      await removeExchange(exchange);
      throw error;
    }
  }

  /** the container that ended first, if one has; the other one was ended because of it */
  get firstEnded(): Container | undefined {
    return this.#firstEnded;
  }

  /**
   * Shows files to QEMU, which may write to them.
   * @param paths - in the file system of the exchange folder
   * @throws EnvironmentError if the file system has no hard links
   */
  async share(paths: readonly string[]): Promise<void> {
    if (this.exchange === '') return;
    try {
      for (const path of paths) await link(path, join(this.exchange, basename(path)));
    } catch (cause) {
      throw new EnvironmentError(
        `expected a file system with hard links, got: ${messageOf(cause)}. Put the output folder on another file system`,
        { cause },
      );
    }
  }

  /**
   * Kills QEMU and all processes of nodes and apps together, which is faster than removing their containers one by one.
   * @param containers - those of nodes and apps; releasing them then waits until the daemon has removed them
   * @throws ExecError, ExecTimeoutError, ContainerDiedError
   */
  async killOthers(containers: readonly Container[], wait: Wait): Promise<void> {
    for (const container of containers) container.expectRemoval();
    const qemu = await this.qemu;
    await Promise.all([this.lifeline.killOthers(wait), qemu.killOthers(wait)]);
  }

  /**
   * Ends both, and with them QEMU and everything that depends on the lifeline.
   * @param containers - those of nodes and apps; releasing them then waits until the daemon has removed them
   */
  async kill(containers: readonly Container[]): Promise<void> {
    for (const container of containers) container.expectRemoval();
    const qemu = await this.qemu;
    qemu.container.expectExit();
    this.lifeline.container.expectExit();
    await Promise.all([this.lifeline.kill(), qemu.kill()]);
  }

  /**
   * Whether both are in their initial state again, so that another testbed can use them.
   * @throws ExecError, ExecTimeoutError, ContainerDiedError
   */
  async isPristine(wait: Wait): Promise<boolean> {
    const qemu = await this.qemu;
    const [lifeline, own] = await Promise.all([this.lifeline.remains(wait), qemu.remains(wait), this.#clearExchange()]);
    // both start with the daemon's defaults; an app that runs as root can change those of the lifeline, but not of QEMU's container
    return lifeline.isEmpty && own.isEmpty && lifeline.limits === own.limits;
  }

  /**
   * Whether QEMU's container shows the files and folders that are at their paths now. A mount shows the old ones even after they were
   * replaced, such as the folder of the snapshots when somebody has removed the store.
   */
  async isCurrent(): Promise<boolean> {
    const now = await identitiesOf([...this.#shown.keys()]);
    return [...this.#shown].every(([path, identity]) => now.get(path) === identity);
  }

  /** Ends both, and everything that depends on them. Removes the exchange folder even if the daemon is lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    const qemu = await this.qemu.catch(() => undefined);
    this.lifeline.container.expectExit();
    qemu?.container.expectExit();
    const released = await Promise.allSettled([this.lifeline[Symbol.asyncDispose](), qemu?.[Symbol.asyncDispose]()]);
    await removeExchange(this.exchange);
    for (const result of released) if (result.status === 'rejected') throw result.reason;
  }

  async #clearExchange(): Promise<void> {
    if (this.exchange === '') return;
    for (const name of await readdir(this.exchange)) await rm(join(this.exchange, name), { recursive: true });
  }

  async #endTogether(): Promise<void> {
    const qemu = await this.qemu;
    const ended = async ({ container }: Lifeline | QemuContainer, other: Lifeline | QemuContainer): Promise<void> => {
      await container.exited;
      if (this.#firstEnded) return;
      this.#firstEnded = container;
      other.container.expectExit();
      await other.kill();
    };
    await Promise.all([ended(this.lifeline, qemu), ended(qemu, this.lifeline)]);
  }
}

/** File system and inode by path; empty for what does not exist. */
async function identitiesOf(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = paths.map(async (path) => {
    const stats = await stat(path).catch(() => undefined);
    return [path, stats ? `${stats.dev}:${stats.ino}` : ''] as const;
  });
  return new Map(await Promise.all(found));
}

/** Numbers of the file systems tmpfs and ramfs, which has no size; see statfs(2). */
const memoryFileSystems: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

/** How much QEMU can write to folders that are in memory, in `MiB`. */
async function writtenMemoryMiB(mounts: readonly Mount[]): Promise<number> {
  const written = mounts.filter(({ readOnly }) => !readOnly);
  const found = await Promise.all(written.map(({ source }) => statfs(source)));
  const bytes = found.filter(({ type }) => memoryFileSystems.has(type)).map(({ blocks, bsize }) => blocks * bsize || totalmem());
  return Math.ceil(bytes.reduce((sum, one) => sum + one, 0) / 1024 ** 2);
}

/** Only this process can list it, and only its owner can create files in it. */
async function createExchange(directory: string): Promise<string> {
  try {
    const folder = await mkdtemp(join(directory, '.alpy'));
    await chmod(folder, 0o711);
    return folder;
  } catch (cause) {
    throw new EnvironmentError(`cannot create a folder for QEMU in ${directory}: ${messageOf(cause)}`, { cause });
  }
}

async function removeExchange(folder: string): Promise<void> {
  if (folder !== '') await rm(folder, { recursive: true, force: true });
}
