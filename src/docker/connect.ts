// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { withDeadline, type Wait } from '../core/deadline.ts';
import { durationText } from '../core/text.ts';
import { codeOf } from '../core/errors.ts';
import { log } from '../core/step.ts';
import { Docker } from './dockerode.ts';
import { DaemonError, daemonError } from './errors.ts';
import type { DaemonPlace } from './place.ts';
import { Requests } from './requests.ts';

/** How long to wait for a daemon that may still be starting, in `ms`, by default. */
const defaultLateMs = 30_000;
const retryMs = 250;

/** The daemon's answer to `GET /version`. */
export interface DaemonVersion {
  readonly Version: string;
  readonly KernelVersion?: string;
}

/** A client of a daemon that has answered. */
export interface Connection {
  readonly place: DaemonPlace;
  readonly docker: Dockerode;
  readonly requests: Requests;
  readonly version: DaemonVersion;
}

/** How to wait for a daemon. */
export interface ReachOptions {
  /** how long to wait for a daemon that may still be starting (see {@link DaemonPlace.mayBeLate}), in `ms`; default: 30 s */
  readonly lateMs?: number | undefined;
  /** called once with a line for the user if the daemon does not answer yet; the line is also logged */
  readonly onWait?: ((text: string) => void) | undefined;
}

/**
 * Connects to a daemon and checks that it answers.
 * @param wait - how long an answer may take once something listens there
 * @throws DaemonError; the signal's reason
 */
export async function reach(place: DaemonPlace, options: ReachOptions, wait: Wait): Promise<Connection> {
  const docker = newClient(place);
  const requests = new Requests(docker);
  const { lateMs = defaultLateMs, onWait } = options;
  const startMs = performance.now();
  try {
    for (let isFirst = true; ; isFirst = false) {
      try {
        return { place, docker, requests, version: await ask(docker, requests, place, wait) };
      } catch (error) {
        wait.signal?.throwIfAborted();
        if (error instanceof DaemonError) throw error;
        if (!mayStillStart(place, error)) throw daemonError(place.address, error);
        const waitedMs = performance.now() - startMs;
        if (waitedMs + retryMs > lateMs) throw daemonError(place.address, error, waitedMs);
        if (isFirst) announce(`waiting up to ${lateMs / 1000} s for the Docker daemon at ${place.address} (${place.reason})`);
        await sleep(retryMs, undefined, { signal: wait.signal }).catch(() => wait.signal?.throwIfAborted());
      }
    }
  } catch (error) {
    requests[Symbol.dispose]();
    throw error;
  }

  function announce(text: string): void {
    log('alpy.docker', text);
    onWait?.(text);
  }
}

/** Can fail because the client reads DOCKER_HOST, and files that it names, even if its options give an address. */
function newClient(place: DaemonPlace): Dockerode {
  try {
    return new Docker(place.options);
  } catch (error) {
    throw daemonError(place.address, error);
  }
}

function ask(docker: Dockerode, requests: Requests, { address }: DaemonPlace, wait: Wait): Promise<DaemonVersion> {
  return withDeadline(
    wait,
    () => daemonError(address, new Error(`no answer within ${durationText(wait.timeoutMs)}`)),
    (signal) => requests.until(signal, () => docker.version()),
  );
}

/** Whether a daemon may start to listen there later. A socket can appear only in a folder that exists. */
function mayStillStart({ mayBeLate, options }: DaemonPlace, error: unknown): boolean {
  if (!mayBeLate) return false;
  const code = codeOf(error);
  if (code === 'ENOENT') return typeof options.socketPath === 'string' && existsSync(dirname(options.socketPath));
  return code !== undefined && ['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN'].includes(code);
}
