// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';
import { AppEndedError } from '../docker/index.ts';
import type { App } from '../network/index.ts';
import type { Testbed } from '../testbed/index.ts';
import { ServiceError } from './errors.ts';
import { nodeNamed } from './session.ts';
import type { ServiceSpec } from './spec.ts';

/**
 * Starts the services of a job.
 * @returns the services by name
 * @throws ServiceError when the command of one cannot be started
 * @throws what `Apps.start` throws, when the daemon refuses for another reason
 */
export async function startServices(
  testbed: Testbed,
  services: readonly ServiceSpec[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, App>> {
  const started = await Promise.all(
    services.map(async ({ name, node, limits, ...service }) => {
      // the images of services are made for a writable root, and a job cannot say that it needs one
      const spec = { ...service, ...limits, writableRoot: true, name, node: nodeNamed({ testbed }, node) };
      const app = await testbed.apps.start(spec, signal).catch((cause: unknown) => {
        if (!(cause instanceof UsageError)) throw cause;
        throw new ServiceError(`service ${name}: ${cause.message}. Correct its entrypoint or command`, { cause });
      });
      return [name, app] as const;
    }),
  );
  return new Map(started);
}

/**
 * Asserts that every service still runs: a job's services run as long as the job does.
 * @throws ServiceError with the last output of the first that doesn't
 */
export function checkServices(services: ReadonlyMap<string, App>): void {
  for (const [name, app] of services) {
    try {
      app.checkAlive();
    } catch (cause) {
      if (!(cause instanceof AppEndedError)) throw cause;
      throw new ServiceError(`service ${name} does not run any more; services run as long as the job. ${cause.message}`, {
        cause,
      });
    }
  }
}
