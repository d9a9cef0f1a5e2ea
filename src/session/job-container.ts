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
 * Starts the container of a job's scripts beside a node. It waits on its standard input, which the keeper holds, so it ends
 * with the keeper at the latest. Its processes are a namespace of their own: the job's programs do not see QEMU.
 * @throws UsageError when its image has no `sh`
 * @throws ContainerError when the daemon refuses for another reason
 */
export async function startJobContainer(
  engine: Engine,
  testbed: Testbed,
  { node, image, mounts, environment }: JobContainerSpec,
  signal?: AbortSignal,
): Promise<Container> {
  const { shared } = nodeNamed({ testbed }, node);
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
        ...trafficCapabilities(),
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
 * The container of a job's scripts, started when the first of them is about to run: its image may be the job's own, and until
 * then the project's folder is only for git and the like on this machine.
 */
export class JobContainer implements AsyncDisposable {
  readonly #start: () => Promise<Container>;
  #container: Promise<Container> | undefined;

  constructor(start: () => Promise<Container>) {
    this.#start = start;
  }

  /** whether it was asked for */
  get isBegun(): boolean {
    return this.#container !== undefined;
  }

  /** @throws what `start` throws */
  started(): Promise<Container> {
    return (this.#container ??= this.#start());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const container = await this.#container?.catch(() => undefined); // who wanted it has heard why there is none
    await container?.[Symbol.asyncDispose]();
  }
}

/**
 * bash where there is one, as GitLab's own executors have it; a job of theirs runs in either. Both outputs are one pipe: of two,
 * nobody could say in which order a script has written to them.
 */
const anyShell = `exec 2>&1; PATH=${sharedFolder}/bin:$PATH; export PATH; if command -v bash >/dev/null; then exec bash; else exec sh; fi`;

/**
 * Runs a script that the runner has written, which the shell reads from its standard input.
 * @returns its exit status
 * @throws ContainerError when the container has ended, or the daemon refuses
 */
export async function runScript(container: Container, call: Call): Promise<number> {
  return runIn(container, { command: ['sh', '-c', anyShell], input: call.input }, call);
}
