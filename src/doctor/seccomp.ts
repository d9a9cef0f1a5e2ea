// SPDX-License-Identifier: GPL-3.0-or-later
import { messageOf } from '../core/errors.ts';
import type { Engine } from '../docker/index.ts';
import { failure, type Finding } from './finding.ts';

const name = 'seccomp';

/** Checks whether the daemon restricts the system calls of containers. */
export async function checkSeccomp(engine: Engine, signal?: AbortSignal): Promise<Finding> {
  try {
    const { SecurityOptions } = await engine.call(
      'inspect the daemon',
      signal,
      () => engine.docker.info() as Promise<{ readonly SecurityOptions?: readonly string[] | null }>,
    );
    return judgeSeccomp(SecurityOptions ?? []);
  } catch (error) {
    signal?.throwIfAborted();
    return failure(name, messageOf(error), 'docker info');
  }
}

/** @param options - the daemon's `SecurityOptions`, such as `name=seccomp,profile=builtin`. Pure. */
export function judgeSeccomp(options: readonly string[]): Finding {
  const found = options.find((option) => option.split(',').includes('name=seccomp'));
  if (found !== undefined && !found.includes('unconfined'))
    return { name, result: 'ok', text: 'the daemon restricts the system calls of containers' };
  return {
    name,
    result: 'warning',
    text: 'the daemon does not restrict the system calls of containers, so a hostile image or guest can attack more of the kernel',
    remedy:
      'use a kernel with CONFIG_SECCOMP_FILTER and a Docker that was built with seccomp; remove "seccomp-profile": "unconfined" from /etc/docker/daemon.json',
  };
}
