// SPDX-License-Identifier: GPL-3.0-or-later
import type { ServedFiles } from '../../topology/index.ts';

/** A port on which a service listens. */
export interface ServicePort {
  readonly protocol: 'udp' | 'tcp';
  readonly port: number;
}

/** The program of a service, as a value. */
export interface ServicePlan {
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** those that it needs; most need none, because nodes let every user listen on every port */
  readonly capabilities: readonly string[];
  /** whether it runs as root, because with `no-new-privileges` only root gets capabilities */
  readonly isRoot: boolean;
  /** it is ready when it listens on all of them */
  readonly ports: readonly ServicePort[];
  /** what it must also have printed before it is ready; absent if the ports are enough */
  readonly announcement?: string | undefined;
  /** files that it offers, below {@link servedFolder} */
  readonly served?: ServedFiles | undefined;
}

/** Where services find the files that they offer. */
export const servedFolder = '/srv/alpy';

/**
 * A program whose configuration file a shell writes first: then no file has to be copied.
 * @param before - commands of the shell between the two
 */
export function withConfiguration(
  text: string,
  start: string,
  before: readonly string[] = [],
): Pick<ServicePlan, 'command' | 'environment'> {
  const write = ['umask 077', 'mkdir /tmp/alpy', String.raw`printf '%s\n' "$ALPY_SERVICE" >/tmp/alpy/conf`];
  return {
    command: ['sh', '-c', [...write, ...before, `exec ${start}`].join(' && ')],
    environment: { ALPY_SERVICE: text },
  };
}

/** What a program without capabilities has. */
export const unprivileged = { capabilities: [], isRoot: false } as const;
