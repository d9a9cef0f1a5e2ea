// SPDX-License-Identifier: GPL-3.0-or-later
import type Docker from 'dockerode';
import type { ContainerFile } from './files.ts';

/** A folder or file of the daemon's machine, seen in a container. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** What a container is made of. */
export interface ContainerSpec {
  /** how messages call it, and part of its name: `node0` */
  readonly name: string;
  readonly image: string;
  /** absent for what the image runs */
  readonly command?: readonly string[] | undefined;
  /** program before the command; an empty list for none, absent for that of the image */
  readonly entrypoint?: readonly string[] | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly workingDirectory?: string | undefined;
  readonly user?: string | undefined;
  /**
   * `none` for a namespace without a network; `bare` for one that the daemon knows nothing of, which takes half the time, but
   * then there is no /etc/hosts either; `container:ID` to share another's
   */
  readonly networkMode: string;
  /** `container:ID` to share another's */
  readonly pidMode?: string | undefined;
  readonly dropAllCapabilities?: boolean | undefined;
  /** of Docker's defaults */
  readonly dropCapabilities?: readonly string[] | undefined;
  readonly addCapabilities?: readonly string[] | undefined;
  /** device files, by the same path on both sides */
  readonly devices?: readonly string[] | undefined;
  readonly sysctls?: Readonly<Record<string, string>> | undefined;
  readonly mounts?: readonly Mount[] | undefined;
  /** containers whose volumes it sees too */
  readonly volumesFrom?: readonly string[] | undefined;
  readonly files?: readonly ContainerFile[] | undefined;
  /** whether it may have a /dev/shm of its own; default true, and a little slower */
  readonly sharedMemory?: boolean | undefined;
  /** it is created at once, but started only then; so the daemon prepares it while it starts the one whose namespaces it joins */
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
    // Docker's default stop signal may be one that the image overrides; only SIGKILL is sure to end it.
    StopSignal: 'SIGKILL',
    HostConfig: {
      AutoRemove: true,
      NetworkMode: isBare ? 'none' : spec.networkMode,
      ...(spec.pidMode === undefined ? {} : { PidMode: spec.pidMode }),
      ...(spec.sharedMemory === false ? { IpcMode: 'none' } : {}),
      CapDrop: spec.dropAllCapabilities === true ? ['ALL'] : [...(spec.dropCapabilities ?? [])],
      CapAdd: [...(spec.addCapabilities ?? [])],
      SecurityOpt: ['no-new-privileges'], // else a setuid program could have what its caller was denied
      Devices: (spec.devices ?? []).map((path) => ({ PathOnHost: path, PathInContainer: path, CgroupPermissions: 'rwm' })),
      Sysctls: { ...spec.sysctls },
      // The long form: it refuses a source that does not exist, where Binds would make an empty folder of root's there.
      Mounts: (spec.mounts ?? []).map(({ source, target, readOnly }) => ({
        Type: 'bind',
        Source: source,
        Target: target,
        ReadOnly: readOnly,
      })),
      VolumesFrom: [...(spec.volumesFrom ?? [])],
      LogConfig: { Type: 'none', Config: {} }, // read by us as it comes; the daemon need not keep it
    },
  };
}
