// SPDX-License-Identifier: GPL-3.0-or-later
import { allEnded } from '../core/all-ended.ts';
import { EnvironmentError, UsageError } from '../core/errors.ts';
import { markHandled } from '../core/mark-handled.ts';
import { step } from '../core/step.ts';
import { Container, HeldContainer, heldSpec, type Engine, type Lifeline } from '../docker/index.ts';
import type { UplinkSpec } from '../topology/index.ts';
import { machinelessCommand } from './machineless.ts';
import { QemuContainer, qemuConfinement, scratchFolder } from './qemu-container.ts';
import { defaultNetwork, uplinkProblem } from './uplink-network.ts';

/** Where uplinks run. */
export interface UplinkPlace {
  readonly engine: Engine;
  readonly lifeline: Lifeline;
  /** the `qemu` image */
  readonly image: string;
}

/** Memory of each of the two containers, in `MiB`. */
const memoryMiB = 256;
const outerPids = 32;
/** How long the start of QEMU and a check may take, in `ms`. */
const timeoutMs = 30_000;

/** Sockets in the volume of the two containers. Other files beside each have its name, too. */
const [outerSocket, innerSocket] = [`${scratchFolder}/outer`, `${scratchFolder}/inner`];

/** A container with a network that leads to the outside. It has a PID namespace of its own, so that no app can reach its process. */
class OuterContainer extends HeldContainer {
  /** @throws UsageError, ContainerError */
  static async create(
    { engine, image }: UplinkPlace,
    { node, through }: UplinkSpec,
    signal: AbortSignal,
  ): Promise<OuterContainer> {
    const problem = through === undefined ? undefined : await uplinkProblem(engine, node, through, signal);
    if (problem !== undefined) throw new UsageError(problem);
    const networkMode = through ?? (await defaultNetwork(engine, signal));
    const own = { name: `uplink@${node}`, image, networkMode, volumes: [scratchFolder], memoryMiB, pids: outerPids };
    const container = await Container.create(engine, { ...heldSpec, ...qemuConfinement, ...own }, signal);
    return new OuterContainer(container, () => step('alpy.docker', `Start ${own.name}`, () => container.run(signal)));
  }
}

/**
 * What leads from a link to the outside: a router in user space, QEMU's libslirp. It runs in a container with a Docker network. A
 * second QEMU hands it the frames of a tap of the testbed, through sockets in a volume that only these two containers see.
 */
export class Uplink implements AsyncDisposable {
  readonly #spec: UplinkSpec;
  readonly #outer: HeldContainer;
  readonly #inner: HeldContainer;
  #hasEnded = false;

  private constructor(spec: UplinkSpec, outer: HeldContainer, inner: HeldContainer) {
    this.#spec = spec;
    this.#outer = outer;
    this.#inner = inner;
  }

  /**
   * Creates the containers, and starts them in the background.
   * @throws UsageError if the daemon does not have the network
   * @throws ContainerError if the daemon refuses
   */
  static async create(place: UplinkPlace, spec: UplinkSpec, signal: AbortSignal): Promise<Uplink> {
    const outer = await OuterContainer.create(place, spec, signal);
    try {
      const own = { name: `uplink-tap@${spec.node}`, image: place.image, memoryMiB, devices: ['/dev/net/tun'] };
      const volumesFrom = [outer.container.id];
      const inner = await QemuContainer.create(place.engine, { ...own, volumesFrom }, place.lifeline, signal);
      return new Uplink(spec, outer, inner);
    } catch (error) {
      await outer[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** both containers */
  get containers(): readonly Container[] {
    return [this.#outer.container, this.#inner.container];
  }

  /**
   * Starts the router.
   * @param tapCreated - settles when the tap exists
   * @throws ContainerError if the daemon refuses
   * @throws ExecError if QEMU cannot start
   */
  async start(tapCreated: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { tap, network, router, dns, firstLease } = this.#spec;
    const outside = `user,id=end,ipv6=off,net=${network},host=${router},dns=${dns},dhcpstart=${firstLease}`;
    const link = `tap,id=end,ifname=${tap},script=no,downscript=no,vnet_hdr=off`;
    await this.#join(this.#outer, outside, outerSocket, innerSocket, signal);
    await tapCreated();
    await this.#join(this.#inner, link, innerSocket, outerSocket, signal);
  }

  /** why devices may have lost the outside, if its router has ended unexpectedly */
  get failure(): EnvironmentError | undefined {
    if (!this.#hasEnded) return undefined;
    return new EnvironmentError(
      `expected the uplink of ${this.#spec.node} to run until the testbed ends, but it exited. dmesg shows whether memory ran out`,
    );
  }

  /** Starts a QEMU that passes frames between a backend and a socket, and waits until both are ready. */
  async #join(held: HeldContainer, backend: string, own: string, peer: string, signal: AbortSignal): Promise<void> {
    await held.runShell(`mkfifo ${own}.in ${own}.out`, { timeoutMs, signal });
    const { ended } = await held.startShell(joinScript(backend, own, peer), { timeoutMs, signal });
    const seen = ended.then(() => {
      this.#hasEnded = true;
    });
    markHandled(seen); // the container has ended
    await held.runShell(waitScript(own), { timeoutMs, signal });
  }

  /** Ends it, and waits until its containers are removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await allEnded([this.#outer, this.#inner].map((held) => held[Symbol.asyncDispose]()));
  }
}

/**
 * The script that runs a QEMU without a machine, which passes frames between a backend, whose identifier is `end`, and a socket. It
 * answers a question on a pipe when both are ready. Its input never ends, because it has it open for writing, too. Pure.
 */
function joinScript(backend: string, own: string, peer: string): string {
  const socket = `dgram,id=peer,local.type=unix,local.path=${own},remote.type=unix,remote.path=${peer}`;
  const hub = ['end', 'peer'].map((netdev) => `-netdev hubport,id=${netdev}-port,hubid=0,netdev=${netdev}`).join(' ');
  return `exec 3<>${own}.in
printf %s '{"execute":"qmp_capabilities"}{"execute":"query-status"}' >&3
exec ${machinelessCommand.join(' ')} -netdev ${backend} -netdev ${socket} ${hub} <&3 >${own}.out 2>${own}.err`;
}

/** The script that waits until a QEMU of {@link joinScript} is ready. It prints its error output if it ends before. Pure. */
function waitScript(own: string): string {
  return `grep -q -m 1 running ${own}.out || { cat ${own}.err >&2; exit 1; }`;
}
