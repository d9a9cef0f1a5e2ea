// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as sleep } from 'node:timers/promises';
import { withDeadline } from '../../core/deadline.ts';
import { AppEndedError } from '../../docker/index.ts';
import { App, type AppImage, type AppPlace } from '../app.ts';
import type { Node } from '../node.ts';
import { NodeServiceError } from './errors.ts';
import type { ServicePlan } from './plan.ts';
import { portsText, takenPorts } from './ports.ts';
import { filesForContainer } from './served-files.ts';

/** How long the program of a service may take until it listens, in `ms`. */
const startTimeoutMs = 30_000;
/** How often to look whether it listens, in `ms`: no event tells. A look takes about 3 ms. */
const lookMs = 15;

/** For programs that need little; files in memory count. */
const limits = { memoryMiB: 128, pids: 32 } as const;
const nobody = '65534:65534';

/** The service to start. */
export interface ServiceRequest {
  readonly kind: string;
  /** the key of the configuration, or the call, that asks for it: `topology.nodes.node0.http` */
  readonly where: string;
  readonly node: Node;
  readonly plan: ServicePlan;
  /** whether another program of the node may use its ports */
  readonly mayPortsBeTaken: boolean;
}

/**
 * Starts the program of a service, and waits until it listens on its ports.
 * @throws NodeServiceError if a port is used, or the program ends
 * @throws UsageError if files that it offers are missing
 */
export async function startService(
  place: AppPlace,
  image: AppImage,
  request: ServiceRequest,
  signal?: AbortSignal,
): Promise<App> {
  const { kind, where, node, plan, mayPortsBeTaken } = request;
  const isMounted = place.filesFolder !== undefined;
  const { mounts, files, user = nobody } = plan.served ? await filesForContainer(where, plan.served, isMounted) : noFiles;
  if (mayPortsBeTaken) await assertPortsAreFree(request, signal);
  const { command, environment, capabilities, isRoot } = plan;
  const spec = { node, name: kind, command, environment, files, user: isRoot ? '0:0' : user, ...limits };
  const app = await App.start(place, { ...spec, mounts, exactCapabilities: capabilities }, image, signal);
  await untilListening(app, request, signal);
  return app;
}

const noFiles = { mounts: [], files: [], user: nobody } as const;

async function assertPortsAreFree({ where, node, plan: { ports } }: ServiceRequest, signal?: AbortSignal): Promise<void> {
  const taken = takenPorts(await node.sockets({ signal }), ports);
  if (taken.length === 0) return;
  throw new NodeServiceError(
    where,
    `expected ${portsText(ports)} of ${node.name} to be free, but another program listens on ${portsText(taken)}. End it, or choose another port`,
  );
}

async function untilListening(
  app: App,
  { where, node, plan: { ports, announcement } }: ServiceRequest,
  signal?: AbortSignal,
): Promise<void> {
  const look = async (abort: AbortSignal): Promise<void> => {
    while (takenPorts(await node.sockets({ signal: abort }), ports).length < ports.length)
      await sleep(lookMs, undefined, { signal: abort });
  };
  const isReady = (abort: AbortSignal): Promise<unknown> =>
    Promise.all([look(abort), announcement && printed(app, announcement)]);
  try {
    await withDeadline(
      { timeoutMs: startTimeoutMs, signal },
      (cause) => {
        const problem = `expected the service to listen on ${portsText(ports)} within ${startTimeoutMs / 1000} s, but it does not`;
        return new NodeServiceError(where, problem, { cause, details: app.details() }, 'environment');
      },
      (abort) => Promise.race([isReady(abort), app.failAtEnd('although it has only just started')]),
    );
  } catch (error) {
    app.expectEnd();
    await app[Symbol.asyncDispose]();
    if (!(error instanceof AppEndedError)) throw error;
    throw new NodeServiceError(
      where,
      `the service cannot start: ${error.message}`,
      { cause: error, details: app.details() },
      error.fault,
    );
  }
}

function printed(app: App, text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  app.onLine((line) => {
    if (line.includes(text)) resolve();
  });
  return promise;
}
