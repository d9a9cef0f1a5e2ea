// SPDX-License-Identifier: GPL-3.0-or-later
import type Docker from 'dockerode';
import type { Privileges } from '../../scripts/privileges.ts';

/** What a container may do according to its settings in the daemon. */
export interface FoundPrivileges extends Omit<Privileges, 'reason' | 'network' | 'processes'> {
  readonly network: string;
  readonly processes: string;
  /** whether it has everything that all containers have */
  readonly isConfined: boolean;
}

const bytesOfMiB = 1024 * 1024;

/** @param kindOf - the kind of the container with an identifier */
export function privilegesOf(
  { Config, HostConfig, Mounts }: Docker.ContainerInspectInfo,
  kindOf: (id: string) => string,
): FoundPrivileges {
  const { Ulimits } = HostConfig as { readonly Ulimits: readonly { readonly Name: string; readonly Hard: number }[] | null };
  const fileSize = Ulimits?.find(({ Name }) => Name === 'fsize')?.Hard;
  return {
    user: Config.User,
    capabilities: ((HostConfig.CapAdd as string[] | null) ?? []).map((name) => name.replace(/^CAP_/, '')).sort(),
    devices: ((HostConfig.Devices as { readonly PathOnHost: string }[] | null) ?? []).map(({ PathOnHost }) => PathOnHost),
    root: HostConfig.ReadonlyRootfs === true ? sizesOf(HostConfig.Tmpfs) : 'writable',
    memory: (HostConfig.Memory ?? 0) / bytesOfMiB,
    pids: HostConfig.PidsLimit ?? 0,
    ...(fileSize === undefined ? {} : { fileSize: fileSize / bytesOfMiB }),
    mounts: Mounts.map(({ Destination, RW }) => `${Destination} ${RW ? 'rw' : 'ro'}`),
    network: namespace(HostConfig.NetworkMode, kindOf),
    processes: namespace(HostConfig.PidMode, kindOf),
    isConfined: isConfined(HostConfig),
  };
}

function isConfined(host: Docker.HostConfig): boolean {
  const options = host.SecurityOpt as string[] | null;
  return (
    host.Privileged === false &&
    host.MemorySwap === host.Memory &&
    host.AutoRemove === true &&
    String(host.CapDrop) === 'ALL' &&
    options?.join() === 'no-new-privileges'
  );
}

function sizesOf(tmpfs: Readonly<Record<string, string>> | undefined): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(tmpfs ?? {}).map(([path, options]) => [path, Number(/\bsize=(\d+)m\b/.exec(options)?.[1])]),
  );
}

function namespace(mode: string | undefined, kindOf: (id: string) => string): string {
  if (mode === undefined || mode === '' || mode === 'none') return 'own';
  if (!mode.startsWith('container:')) return `the ${mode}'s`;
  const kind = kindOf(mode.slice('container:'.length));
  return kind === 'node' ? "a node's" : `the ${kind}'s`;
}
