// SPDX-License-Identifier: GPL-3.0-or-later
import { basename, dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { withDeadline, type Wait } from '../core/deadline.ts';
import { step } from '../core/step.ts';
import { Container, startExec, type Engine, type FileAccess, type Lifeline } from '../docker/index.ts';
import type { DiskImage } from './disk-image.ts';
import { HypervisorError, QmpClosedError, QmpTimeoutError } from './errors.ts';
import { duplexOf } from './duplex.ts';
import { machineArguments, type MachineSpec } from './machine.ts';
import { QmpClient } from './qmp.ts';

/** What a hypervisor is made of. */
export interface HypervisorSpec {
  readonly machine: MachineSpec;
  readonly disk: DiskImage;
  /** absolute path of the folder for captures, as this process sees it */
  readonly directory: string;
}

/** Where it runs. */
export interface HypervisorPlace {
  readonly engine: Engine;
  readonly lifeline: Lifeline;
  /** the `qemu` image */
  readonly image: string;
  readonly access: FileAccess;
}

/** Folder of QEMU's container under which it finds its files, and of the lifeline's volume when they have to be copied. */
export const alpyFolder = '/alpy';

const overlay = '/var/tmp/disk.qcow2';
const serialSocket = '/var/tmp/serial';
const firmwareVariables = '/var/tmp/firmware-variables.fd';
const firmwareCode = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const firmwareTemplate = '/usr/share/OVMF/OVMF_VARS_4M.fd';

/** Makes the overlay, and a copy of the firmware's variables, of the testbed's own; then becomes QEMU. */
const script = `set -e
qemu-img create -q -f qcow2 -F "$1" -b "$2" ${overlay}
cp ${firmwareTemplate} ${firmwareVariables}
shift 2
exec qemu-system-x86_64 "$@"`;

/** Ends as soon as QEMU closes its side; by default it would wait half a second for more input. */
const socat = ['socat', '-t', '0', '-', `UNIX-CONNECT:${serialSocket}`];

/** How long QEMU may take to start, in `ms`: it maps the guest's memory, on a machine that may be loaded. */
const startTimeoutMs = 60_000;

/** QEMU in a container: started, with its virtual CPU still halted. */
export class Hypervisor implements AsyncDisposable {
  readonly container: Container;
  readonly qmp: QmpClient;
  /** folder of the captures, as QEMU sees it */
  readonly directory: string;
  readonly #stderr: Buffer[];

  private constructor(container: Container, qmp: QmpClient, directory: string, stderr: Buffer[]) {
    this.container = container;
    this.qmp = qmp;
    this.directory = directory;
    this.#stderr = stderr;
  }

  /**
   * Starts QEMU, with a disk overlay and firmware variables of its own.
   * @throws HypervisorError when QEMU ends instead, with what it said
   * @throws ContainerError when the daemon refuses, such as for lack of /dev/net/tun
   */
  static async start(place: HypervisorPlace, spec: HypervisorSpec, signal?: AbortSignal): Promise<Hypervisor> {
    return step('alpy.qemu', 'Start QEMU', async () => {
      const { seen, container } = await startContainer(place, spec, signal);
      const stderr: Buffer[] = [];
      container.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
      try {
        const wait: Wait = { timeoutMs: startTimeoutMs, signal };
        const qmp = await QmpClient.open({ input: container.stdout, output: container.stdin }, wait);
        container.stdout.on('error', () => undefined);
        return new Hypervisor(container, qmp, seen, stderr);
      } catch (error) {
        const status = error instanceof QmpClosedError ? await container.waitForExit({ timeoutMs: 10_000, signal }) : undefined;
        await container[Symbol.asyncDispose]();
        if (!status && !(error instanceof QmpTimeoutError)) throw error;
        // who adds arguments of QEMU answers for them
        const fault = status && spec.machine.extra.length > 0 ? 'usage' : 'environment';
        const what = status ? `QEMU did not start: it ended with ${status.text}` : 'QEMU did not start in time';
        const hint = fault === 'usage' ? ` (appliance.qemuArgs adds ${spec.machine.extra.join(' ')})` : '';
        throw new HypervisorError(what + hint, Buffer.concat(stderr).toString(), fault);
      }
    });
  }

  /** What QEMU has printed as warnings and errors so far. */
  get stderr(): string {
    return Buffer.concat(this.#stderr).toString();
  }

  /** Connects to the guest's serial port; whatever the guest sends while nobody is connected is lost. */
  async openSerial(wait: Wait): Promise<Duplex> {
    const execution = await withDeadline(
      wait,
      (cause) => new QmpTimeoutError("the guest's serial port", wait.timeoutMs, 'environment', { cause }),
      (signal) => startExec(this.container, { command: socat }, signal),
    );
    execution.stderr.resume();
    return duplexOf(execution.stdout, execution.stdin);
  }

  /** Cuts the guest's serial port off, so that its connection ends when all that the guest has sent was read. */
  async closeSerial(): Promise<void> {
    await this.qmp.execute('chardev-change', { id: 'serial0', backend: { type: 'null', data: {} } });
  }

  /** Kills QEMU; captures are complete up to this moment all the same, as they are written unbuffered. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.container[Symbol.asyncDispose]();
  }
}

async function startContainer(
  { engine, lifeline, image, access }: HypervisorPlace,
  { machine, disk, directory }: HypervisorSpec,
  signal?: AbortSignal,
): Promise<{ readonly seen: string; readonly container: Container }> {
  const isCopy = access.kind === 'copy';
  const isShared = access.kind === 'volumes-from'; // then the paths are ours
  const seen = isShared ? directory : `${alpyFolder}/run`;
  const seenDisk = isShared ? disk.path : `${alpyFolder}/image/${basename(disk.path)}`;
  if (isCopy) {
    const captures = machine.nics.map((_, link) => ({ path: captureFile(seen, link), content: '', mode: 0o666 }));
    await lifeline.container.write([{ path: seenDisk, content: { file: disk.path } }, ...captures], signal);
  }
  const capture = (link: number): string => captureFile(seen, link);
  const paths = { disk: overlay, serialSocket, firmwareCode, firmwareVariables, capture };
  const container = await Container.start(
    engine,
    {
      name: 'qemu',
      image,
      entrypoint: ['sh', '-c', script, 'sh'],
      command: [disk.format, seenDisk, ...machineArguments(machine, paths)],
      networkMode: lifeline.namespaces,
      pidMode: lifeline.namespaces,
      startsAfter: lifeline.running,
      sharedMemory: false,
      dropAllCapabilities: true,
      addCapabilities: ['NET_ADMIN'],
      devices: ['/dev/net/tun', ...(machine.accel === 'kvm' ? ['/dev/kvm'] : [])],
      mounts: access.kind === 'bind' ? mountsFor(directory, disk.path) : [],
      volumesFrom: access.kind === 'volumes-from' ? [access.container] : isCopy ? [lifeline.volumesFrom] : [],
    },
    signal,
  );
  return { seen, container };
}

function mountsFor(directory: string, disk: string): readonly { source: string; target: string; readOnly: boolean }[] {
  // the whole folder of the image, since a backing file lies beside it
  return [
    { source: dirname(disk), target: `${alpyFolder}/image`, readOnly: true },
    { source: directory, target: `${alpyFolder}/run`, readOnly: false },
  ];
}

/** The pcap of a link in a folder. */
export function captureFile(directory: string, link: number): string {
  return join(directory, `link${String(link)}.pcap`);
}
