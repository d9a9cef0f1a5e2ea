// SPDX-License-Identifier: GPL-3.0-or-later
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { ContainerInfo } from 'dockerode';
import { jobLabel } from '../../src/docker/index.ts';
import { procText, qemuProcesses } from '../support/processes.ts';
import type { DaemonProxy } from '../support/daemon-proxy.ts';
import { MissedError } from './missed-error.ts';
import type { OwnDaemon } from '../support/own-daemon.ts';
import { childrenOf, hasOpenFileBelow } from './processes.ts';

/** Time between two looks for something that is about to appear, in `ms`. */
const lookMs = 20;

type TargetParts = Pick<
  Target,
  'docker' | 'child' | 'jobId' | 'directory' | 'store' | 'temporary' | 'detail' | 'proxy' | 'daemon'
>;

/** A run into which a fault is injected. */
export class Target {
  readonly docker: Docker;
  readonly child: ChildProcess;
  /** label of the run's containers */
  readonly jobId: string;
  /** absolute path of the project */
  readonly directory: string;
  /** absolute path of the snapshot store */
  readonly store: string;
  /** folder for temporary files of the run */
  readonly temporary: string;
  /** random number of the case, from 0 to below 1 */
  readonly detail: number;
  /** what stands between the run and the daemon; absent if nothing does */
  readonly proxy: DaemonProxy | undefined;
  /** the daemon that the fault hits; absent if it hits none */
  readonly daemon: OwnDaemon | undefined;

  constructor(parts: TargetParts) {
    ({
      docker: this.docker,
      child: this.child,
      jobId: this.jobId,
      directory: this.directory,
      store: this.store,
      temporary: this.temporary,
      detail: this.detail,
      proxy: this.proxy,
      daemon: this.daemon,
    } = parts);
  }

  /** PID of the main process. */
  get pid(): number {
    return this.child.pid!;
  }

  /** whether the main process has ended */
  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** The run's containers, in any state. */
  async containers(): Promise<readonly ContainerInfo[]> {
    return this.docker.listContainers({ all: true, filters: { label: [`${jobLabel}=${this.jobId}`] } });
  }

  /**
   * Waits for a container that runs, and takes the newest: the daemon lists it first.
   * @param role - `lifeline`, `qemu`, `decoder`, name of a node, or `ping-node0`: an app with its node
   * @throws MissedError when the run ends before
   */
  async container(role: string): Promise<Docker.Container> {
    const found = await this.#appearance(async () => (await this.running(role))[0]);
    return this.docker.getContainer(found.Id);
  }

  /** The run's containers with a role that run now. */
  async running(role: string): Promise<readonly ContainerInfo[]> {
    return (await this.containers()).filter(
      ({ Names, State }) => State === 'running' && Names.some((name) => roleOf(name) === role),
    );
  }

  /**
   * Waits for a QEMU of the run. Of several, it takes the one that was started last, like {@link Target.container}: that belongs to the
   * phase which has just begun, and no older one that is being torn down, whose end would change nothing.
   * @returns its PID
   * @throws MissedError when the run ends before
   */
  async qemu(): Promise<number> {
    return this.#appearance(async () => {
      const ids = (await this.containers()).map(({ Id }) => Id);
      const own = qemuProcesses().findLast((pid) => ids.some((id) => procText(pid, 'cgroup').includes(id)));
      return own === undefined ? undefined : Number(own);
    });
  }

  /** Waits for a process that runs a test: it writes the test's files. @throws MissedError when the run ends before */
  async worker(): Promise<number> {
    const tests = join(this.directory, 'alpy-out', 'tests');
    return this.#appearance(() => Promise.resolve(childrenOf(this.pid).find((pid) => hasOpenFileBelow(pid, tests))));
  }

  async #appearance<T>(look: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (this.hasEnded) throw new MissedError('the run has ended before');
      await sleep(lookMs);
    }
  }
}

/** What `Engine.uniqueName` was given. */
function roleOf(containerName: string): string | undefined {
  return /^\/alpy-.+-\d+-\d+-(.+)$/.exec(containerName)?.[1];
}
