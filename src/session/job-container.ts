// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';
import { step } from '../core/step.ts';
import { Container, isWrongCommand, trafficCapabilities, type Engine } from '../docker/index.ts';
import type { Testbed } from '../testbed/index.ts';
import type { Call } from './call.ts';
import { nodeNamed } from './session.ts';
import { runIn } from './run-in.ts';
import { sharedFolder, type JobContainerSpec } from './spec.ts';

/**
 * Starts the container for a job's scripts beside a node. It reads its standard input, which this process holds open, so it ends
 * with this process at the latest. It has its own PID namespace: the job's programs do not see QEMU.
 * @throws UsageError when its image has no `sh`
 * @throws ContainerError when the daemon refuses for another reason
 */
export async function startJobContainer(
  engine: Engine,
  testbed: Testbed,
  { node, image, mounts, environment, limits }: JobContainerSpec,
  signal?: AbortSignal,
): Promise<Container> {
  const { shared } = nodeNamed({ testbed }, node);
  const { capabilities, ...amounts } = limits;
  return step('alpy.session', `Start the job's container beside ${node}`, () =>
    Container.start(
      engine,
      {
        name: 'job',
        image,
        entrypoint: ['sh', '-c', 'exec cat'],
        command: [],
        environment,
        networkMode: shared.networkMode,
        ...amounts,
        ...trafficCapabilities(capabilities),
        mounts: [...mounts, ...(shared.mounts ?? [])],
      },
      signal,
    ).catch((cause: unknown) => {
      if (!isWrongCommand(cause)) throw cause;
      throw new UsageError(`${cause.message}. The image ${image} of the job needs sh, cat, mktemp, mkfifo and head`, { cause });
    }),
  );
}

/**
 * The container for a job's scripts. It is started for the first script: its image may be the job's own, and until then only git
 * and similar tools on this machine work in the project's folder.
 */
export class JobContainer implements AsyncDisposable {
  readonly #start: () => Promise<Container>;
  #container: Promise<Container> | undefined;

  constructor(start: () => Promise<Container>) {
    this.#start = start;
  }

  /** whether its start was requested */
  get isBegun(): boolean {
    return this.#container !== undefined;
  }

  /** @throws what `start` throws */
  started(): Promise<Container> {
    return (this.#container ??= this.#start());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const container = await this.#container?.catch(() => undefined); // its caller has reported the error
    await container?.[Symbol.asyncDispose]();
  }
}

/**
 * Uses bash if there is one, like GitLab's own executors, else sh. Both outputs share a pipe, because the order of writes to two
 * pipes would be lost.
 */
const anyShell = `exec 2>&1; PATH=${sharedFolder}/bin:$PATH; export PATH; if command -v bash >/dev/null; then exec bash; else exec sh; fi`;

/**
 * Runs a script of GitLab Runner: the shell reads it from its standard input.
 * @returns its exit status
 * @throws ContainerError when the container has ended, or the daemon refuses
 */
export async function runScript(container: Container, call: Call): Promise<number> {
  return runIn(container, { command: ['sh', '-c', anyShell], input: call.input }, call);
}
