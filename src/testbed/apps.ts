// SPDX-License-Identifier: GPL-3.0-or-later
import { findImage } from '../images/inspect.ts';
import type { ResolvedImage } from '../images/resolved-image.ts';
import { App, appsCheck, type AppPlace, type AppResult, type AppSpec, type AppWaitOptions } from '../network/index.ts';

/** Starts apps, and knows them until the testbed ends. */
export class Apps {
  readonly #place: AppPlace;
  readonly #images: readonly ResolvedImage[];
  readonly #apps: App[] = [];

  constructor(place: AppPlace, images: readonly ResolvedImage[]) {
    this.#place = place;
    this.#images = images;
  }

  /** the apps that were started, in order */
  get all(): readonly App[] {
    return this.#apps;
  }

  /**
   * Starts a program in a container beside a node. It should run until the testbed ends, unless the test waits for its end.
   * @throws MissingImageError if its image is missing
   * @throws ContainerError when the daemon refuses
   */
  async start(spec: AppSpec, signal?: AbortSignal): Promise<App> {
    appsCheck.start(arguments);
    const name = spec.image ?? 'traffic';
    const known = this.#images.find((image) => image.name === name);
    const image = known ?? { name, reference: name, origin: 'the test', buildable: false };
    const { volumes } = await findImage(this.#place.engine.docker, image, signal);
    const app = await App.start(this.#place, spec, { reference: image.reference, volumes }, signal);
    this.#apps.push(app);
    return app;
  }

  /**
   * Runs a program in a container beside a node and waits for its end.
   * @param wait - `timeoutMs`: default 60 s
   * @throws what {@link Apps.start} and {@link App.wait} throw
   */
  async run(spec: AppSpec, wait: AppWaitOptions = {}): Promise<AppResult> {
    appsCheck.run(arguments);
    const app = await this.start(spec, wait.signal);
    return app.wait(wait);
  }
}
