// SPDX-License-Identifier: GPL-3.0-or-later
import { step } from '../core/step.ts';
import { Container } from './container.ts';
import type { Engine } from './engine.ts';
import type { ContainerSpec } from './spec.ts';

/**
 * The first container of a testbed, in whose PID namespace all others run. Its first process ends when its standard input
 * does. We hold that input, so the daemon closes it as soon as we are gone, however that came about, and then the kernel
 * kills every process of the namespace.
 */
export class Lifeline implements AsyncDisposable {
  readonly #container: Container;

  private constructor(container: Container) {
    this.#container = container;
  }

  /**
   * @param image - an image with `tini` and `cat`
   * @param volumes - paths that are volumes, for the others to share by {@link Lifeline.volumesFrom}
   * @throws ContainerError when the daemon refuses
   */
  static async start(engine: Engine, image: string, volumes: readonly string[], signal?: AbortSignal): Promise<Lifeline> {
    const spec: ContainerSpec = {
      name: 'lifeline',
      image,
      // tini takes in the orphans of all other containers, whose parent is the first process of the namespace
      entrypoint: ['tini', '--', 'cat'],
      command: [],
      networkMode: 'none',
      dropAllCapabilities: true,
      volumes,
    };
    return step('alpy.docker', 'Start the lifeline', async () => new Lifeline(await Container.start(engine, spec, signal)));
  }

  /** for {@link ContainerSpec.pidMode} */
  get pidMode(): string {
    return `container:${this.#container.id}`;
  }

  /** for {@link ContainerSpec.volumesFrom} */
  get volumesFrom(): string {
    return this.#container.id;
  }

  /** the container itself, whose volumes can be written and read as long as it lives */
  get container(): Container {
    return this.#container;
  }

  /** Ends everything that hangs on it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#container.expectExit();
    await this.#container[Symbol.asyncDispose]();
  }
}
