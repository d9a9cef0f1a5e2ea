// SPDX-License-Identifier: GPL-3.0-or-later
import { findImage } from '../images/inspect.ts';
import type { ResolvedImage } from '../images/resolved-image.ts';
import {
  App,
  appsCheck,
  startService,
  type AppImage,
  type AppPlace,
  type AppResult,
  type AppSpec,
  type AppWaitOptions,
  type ServiceRequest,
} from '../network/index.ts';

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
   * @throws UsageError if the image does not have the program, the node is of kind `guest`, or an app may not have the capability
   * @throws ContainerError when the daemon refuses
   */
  async start(spec: AppSpec, signal?: AbortSignal): Promise<App> {
    appsCheck.start(arguments);
    const app = await App.start(this.#place, spec, await this.#imageOf(spec.image, signal), signal);
    this.#apps.push(app);
    return app;
  }

  /** Starts the program of a service. For alpy itself. @throws what `startService` throws; MissingImageError */
  async startService(request: ServiceRequest, signal?: AbortSignal): Promise<App> {
    const app = await startService(this.#place, await this.#imageOf(undefined, signal), request, signal);
    this.#apps.push(app);
    return app;
  }

  async #imageOf(name = 'traffic', signal?: AbortSignal): Promise<AppImage> {
    const known = this.#images.find((image) => image.name === name);
    const image = known ?? { name, reference: name, origin: 'the test', buildable: false };
    const { volumes } = await findImage(this.#place.engine.docker, image, signal);
    return { reference: image.reference, volumes };
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
