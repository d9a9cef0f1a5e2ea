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

/** A container of QEMU in a group. */
export interface GroupMachine {
  /** settles when the container is created; rejects if it cannot be */
  readonly qemu: Promise<QemuContainer>;
  /** absolute path of the exchange folder; empty if files are copied */
  readonly exchange: string;
}

/**
 * The first containers of a testbed: the lifeline, one container of QEMU for each device, and that of its junction. If one ends, all
 * others are ended, too. A container of QEMU sees one folder of this machine that it can write to, the exchange folder: it belongs to
 * this container alone, and contains links to files of the testbed. QEMU's user can create nothing in it.
 */
export class LifelineGroup implements AsyncDisposable {
  readonly lifeline: Lifeline;
  /** in the order of the devices, then the junction, if there is one */
  readonly machines: readonly GroupMachine[];
  /**
   * settles when all run. Nodes start after that: if the daemon starts all containers at once, QEMU's, in which most remains to be
   * done, is ready only after the last node
   */
  readonly running: Promise<void>;
  /** what the containers of QEMU show, by path */
  readonly #shown: ReadonlyMap<string, string>;
  #firstEnded: Container | undefined;

  private constructor(lifeline: Lifeline, machines: readonly GroupMachine[], shown: ReadonlyMap<string, string>) {
    this.lifeline = lifeline;
    this.machines = machines;
    this.#shown = shown;
    this.running = this.#whenRunning();
    markHandled(this.running); // those that await it get the error
    markHandled(this.#endTogether());
  }

  /**
   * Creates the lifeline. It starts in the background, and the containers of QEMU after it.
   * @throws ContainerError if the daemon refuses
   * @throws EnvironmentError if an exchange folder cannot be created
   */
  static async create(engine: Engine, plan: LifelinePlan, signal?: AbortSignal): Promise<LifelineGroup> {
    const { image, machines, directory, isMounted } = plan;
    const exchanges: string[] = [];
    try {
      while (exchanges.length < machines.length) exchanges.push(directory === undefined ? '' : await createExchange(directory));
      const specs = await Promise.all(
        machines.map(async ({ spec }, index) => {
          const mounts = [...(spec.mounts ?? []), ...(isMounted ? [runMount(exchanges[index] ?? '')] : [])];
          const memoryMiB = spec.memoryMiB + (await writtenMemoryMiB(mounts)); // the kernel counts a file in memory for the container that writes it
          return { ...spec, mounts, memoryMiB };
        }),
      );
      const shown = await identitiesOf(specs.flatMap(({ mounts }) => mounts.map(({ source }) => source)));
      const lifeline = await Lifeline.create(engine, image, signal);
      const group = specs.map((spec, index) => {
        const qemu = QemuContainer.create(engine, spec, lifeline, signal);
        markHandled(qemu); // those that await it get the error
        return { qemu, exchange: exchanges[index] ?? '' };
      });
      return new LifelineGroup(lifeline, group, shown);
    } catch (error) {
      for (const exchange of exchanges) await removeExchange(exchange);
      throw error;
    }
  }

  /** the container that ended first, if one has; the others were ended because of it */
  get firstEnded(): Container | undefined {
    return this.#firstEnded;
  }

  /**
   * Shows files to QEMU, which may write to them.
   * @param index - which container of QEMU
   * @param paths - in the file system of its exchange folder
   * @throws EnvironmentError if the file system has no hard links
   */
  async share(index: number, paths: readonly string[]): Promise<void> {
    const exchange = this.machines[index]?.exchange ?? '';
    if (exchange === '') return;
    try {
      for (const path of paths) await link(path, join(exchange, basename(path)));
    } catch (cause) {
      throw new EnvironmentError(
        `expected a file system with hard links, got: ${messageOf(cause)}. Put the output folder on another file system`,
        { cause },
      );
    }
  }

  /** Resolves when all containers are created. @throws ContainerError if one cannot be */
  async created(): Promise<readonly QemuContainer[]> {
    return Promise.all(this.machines.map(({ qemu }) => qemu));
  }

  /**
   * Kills QEMU and all processes of nodes and apps together, which is faster than removing their containers one by one.
   * @param containers - those of nodes and apps; releasing them then waits until the daemon has removed them
   * @throws ExecError, ExecTimeoutError, ContainerDiedError
   */
  async killOthers(containers: readonly Container[], wait: Wait): Promise<void> {
    for (const container of containers) container.expectRemoval();
    const machines = await this.created();
    await Promise.all([this.lifeline, ...machines].map((held) => held.killOthers(wait)));
  }

  /**
   * Ends all, and with them QEMU and everything that depends on the lifeline.
   * @param containers - those of nodes and apps; releasing them then waits until the daemon has removed them
   */
  async kill(containers: readonly Container[]): Promise<void> {
    for (const container of containers) container.expectRemoval();
    const all = [this.lifeline, ...(await this.created())];
    for (const { container } of all) container.expectExit();
    await Promise.all(all.map((held) => held.kill()));
  }

  /**
   * Whether all are in their initial state again, so that another testbed can use them.
   * @throws ExecError, ExecTimeoutError, ContainerDiedError
   */
  async isPristine(wait: Wait): Promise<boolean> {
    const machines = await this.created();
    const remains = Promise.all([this.lifeline.remains(wait), ...machines.map((qemu) => qemu.remains(wait))]);
    const [[lifeline, ...own]] = await Promise.all([remains, this.#clearExchanges()]);
    // all start with the daemon's defaults; an app that runs as root can change those of the lifeline, but not of QEMU's containers
    return lifeline.isEmpty && own.every(({ isEmpty, limits }) => isEmpty && limits === lifeline.limits);
  }

  /**
   * Whether QEMU's containers show the files and folders that are at their paths now. A mount shows the old ones even after they were
   * replaced, such as the folder of the snapshots when somebody has removed the store.
   */
  async isCurrent(): Promise<boolean> {
    const now = await identitiesOf([...this.#shown.keys()]);
    return [...this.#shown].every(([path, identity]) => now.get(path) === identity);
  }

  /** Ends all, and everything that depends on them. Removes the exchange folders even if the daemon is lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    const created = await Promise.all(this.machines.map(({ qemu }) => qemu.catch(() => undefined)));
    const all = [this.lifeline, ...created.filter((qemu) => qemu !== undefined)];
    for (const { container } of all) container.expectExit();
    const released = await Promise.allSettled(all.map((held) => held[Symbol.asyncDispose]()));
    for (const { exchange } of this.machines) await removeExchange(exchange);
    for (const result of released) if (result.status === 'rejected') throw result.reason;
  }

  async #clearExchanges(): Promise<void> {
    for (const { exchange } of this.machines)
      if (exchange !== '') for (const name of await readdir(exchange)) await rm(join(exchange, name), { recursive: true });
  }

  async #whenRunning(): Promise<void> {
    await Promise.all(this.machines.map(async ({ qemu }) => (await qemu).started));
  }

  async #endTogether(): Promise<void> {
    const all = [this.lifeline, ...(await this.created())];
    await Promise.all(
      all.map(async ({ container }) => {
        await container.exited;
        if (this.#firstEnded) return;
        this.#firstEnded = container;
        const others = all.filter((held) => held.container !== container);
        for (const other of others) other.container.expectExit();
        await Promise.all(others.map((other) => other.kill()));
      }),
    );
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
