// SPDX-License-Identifier: GPL-3.0-or-later
import type Docker from 'dockerode';
import type { ContainerFile } from './files.ts';

/** A folder or file of the daemon's machine that is mounted in a container. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

const bytesOfMiB = 1024 * 1024;

/** Image, command and settings of a container. */
export interface ContainerSpec {
  /** its name in messages, and part of its name in Docker: `node0` */
  readonly name: string;
  readonly image: string;
  /** default: that of the image */
  readonly command?: readonly string[] | undefined;
  /** program before the command; an empty list for none; default: that of the image */
  readonly entrypoint?: readonly string[] | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly workingDirectory?: string | undefined;
  readonly user?: string | undefined;
  /** numbers of additional groups of its processes */
  readonly groups?: readonly number[] | undefined;
  /**
   * `none`: a namespace without a network; `bare`: the same without the daemon's set-up, which takes half the time but provides
   * no /etc/hosts; `container:ID`: that of another container
   */
  readonly networkMode: string;
  /** `container:ID`: that of another container; default: a new one */
  readonly pidMode?: string | undefined;
  readonly dropAllCapabilities?: boolean | undefined;
  readonly addCapabilities?: readonly string[] | undefined;
  /** device files; the paths are the same in the container */
  readonly devices?: readonly string[] | undefined;
  readonly sysctls?: Readonly<Record<string, string>> | undefined;
  /** what the daemon writes to its /etc/resolv.conf, if it writes one; default: what the daemon's machine has */
  readonly resolver?: { readonly servers: readonly string[]; readonly search: readonly string[] } | undefined;
  readonly mounts?: readonly Mount[] | undefined;
  /** containers whose volumes are mounted too */
  readonly volumesFrom?: readonly string[] | undefined;
  readonly files?: readonly ContainerFile[] | undefined;
  /** its image's files cannot be changed, nor can new ones be created outside of `volumes`, `tmpfs` and `mounts`; default: false */
  readonly readOnlyRoot?: boolean | undefined;
  /** folders on the daemon's disk that are removed with the container; they start with what the image has there */
  readonly volumes?: readonly string[] | undefined;
  /** size of each file system in memory, in `MiB`, by the path of its folder; any user can write there; counts as memory */
  readonly tmpfs?: Readonly<Record<string, number>> | undefined;
  /** all memory it may use, in `MiB`: it gets no swap; default: no limit */
  readonly memoryMiB?: number | undefined;
  /** how many processes and threads it may have; default: no limit */
  readonly pids?: number | undefined;
  /** size to which its programs may let a file grow, in `MiB`; default: no limit */
  readonly fileSizeMiB?: number | undefined;
  /** whether it gets a /dev/shm, which takes a little longer; default: true */
  readonly sharedMemory?: boolean | undefined;
  /** start it when this settles; it is created before, while the container whose namespaces it joins still starts */
  readonly startsAfter?: Promise<void> | undefined;
}

/** Options of the Engine API. Pure. */
export function createOptions(spec: ContainerSpec, labels: Readonly<Record<string, string>>): Docker.ContainerCreateOptions {
  const isBare = spec.networkMode === 'bare';
  return {
    Image: spec.image,
    ...(isBare ? { NetworkDisabled: true } : {}),
    Labels: { ...labels },
    ...(spec.command ? { Cmd: [...spec.command] } : {}),
    ...(spec.entrypoint ? { Entrypoint: [...spec.entrypoint] } : {}),
    Env: Object.entries(spec.environment ?? {}).map(([name, value]) => `${name}=${value}`),
    ...(spec.workingDirectory === undefined ? {} : { WorkingDir: spec.workingDirectory }),
    ...(spec.user === undefined ? {} : { User: spec.user }),
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    StdinOnce: true,
    Tty: false,
    ...(spec.volumes ? { Volumes: Object.fromEntries(spec.volumes.map((path) => [path, {}])) } : {}),
    Healthcheck: { Test: ['NONE'] }, // the daemon would run the image's again and again, and report each run as an event
    // The image may set another stop signal; only SIGKILL always ends the container.
    StopSignal: 'SIGKILL',
    HostConfig: {
      AutoRemove: true,
      NetworkMode: isBare ? 'none' : spec.networkMode,
      ...(spec.pidMode === undefined ? {} : { PidMode: spec.pidMode }),
      ...(spec.sharedMemory === false ? { IpcMode: 'none' } : {}),
      CapDrop: spec.dropAllCapabilities === true ? ['ALL'] : [],
      CapAdd: [...(spec.addCapabilities ?? [])],
      SecurityOpt: ['no-new-privileges'], // otherwise a setuid program could gain capabilities that were dropped
      Devices: (spec.devices ?? []).map((path) => ({ PathOnHost: path, PathInContainer: path, CgroupPermissions: 'rwm' })),
      Sysctls: { ...spec.sysctls },
      ...(spec.resolver ? { Dns: [...spec.resolver.servers], DnsSearch: [...spec.resolver.search] } : {}),
      ...(spec.groups ? { GroupAdd: spec.groups.map(String) } : {}),
      ReadonlyRootfs: spec.readOnlyRoot === true,
      Tmpfs: tmpfsOptions(spec.tmpfs ?? {}),
      ...memoryLimit(spec.memoryMiB),
      ...(spec.pids === undefined ? {} : { PidsLimit: spec.pids }),
      ...(spec.fileSizeMiB === undefined ? {} : { Ulimits: [fileSizeLimit(spec.fileSizeMiB)] }),
      // Mounts refuse a source that does not exist, whereas Binds would create an empty folder there, owned by root.
      Mounts: (spec.mounts ?? []).map(({ source, target, readOnly }) => ({
        Type: 'bind',
        Source: source,
        Target: target,
        ReadOnly: readOnly,
      })),
      VolumesFrom: [...(spec.volumesFrom ?? [])],
      LogConfig: { Type: 'none', Config: {} }, // alpy reads the output as it comes, so the daemon need not store it
    },
  };
}

/** `exec`, which is not Docker's default: programs are often unpacked to /tmp and run there. */
function tmpfsOptions(sizes: Readonly<Record<string, number>>): Readonly<Record<string, string>> {
  const options = Object.entries(sizes).map(([path, mib]) => [path, `rw,exec,nosuid,nodev,mode=1777,size=${mib}m`]);
  return Object.fromEntries(options) as Readonly<Record<string, string>>;
}

/** `MemorySwap` is memory and swap together. Without it, Docker allows as much swap as memory. */
function memoryLimit(memoryMiB: number | undefined): Pick<Docker.HostConfig, 'Memory' | 'MemorySwap'> {
  if (memoryMiB === undefined) return {};
  const bytes = memoryMiB * bytesOfMiB;
  return { Memory: bytes, MemorySwap: bytes };
}

/** Only a process with SYS_RESOURCE could raise it. */
function fileSizeLimit(mib: number): { readonly Name: string; readonly Soft: number; readonly Hard: number } {
  return { Name: 'fsize', Soft: mib * bytesOfMiB, Hard: mib * bytesOfMiB };
}
