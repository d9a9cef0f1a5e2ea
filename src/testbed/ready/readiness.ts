// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as sleep } from 'node:timers/promises';
import { raceWithSignal, withDeadline, type Wait } from '../../core/deadline.ts';
import { UsageError } from '../../core/errors.ts';
import { categorizedStep } from '../../core/step.ts';
import { durationText } from '../../core/text.ts';
import type { RemoteShell } from '../../access/index.ts';
import { patternOf } from '../../config/pattern.ts';
import type { SerialConsole } from '../../console/index.ts';
import { conditionText, type ReadyCondition } from './condition-text.ts';
import { ConsoleWatch } from './console-watch.ts';
import { NotReadyError } from './errors.ts';
import { withAddress } from './node-address.ts';
import { carrierProbe, httpProbe, pingProbe, tcpProbe, type Probe, type ProbedInterface, type ProbingNode } from './probes.ts';

/** A device whose readiness is awaited. */
export interface ReadyingDevice {
  readonly name: string;
  readonly conditions: readonly ReadyCondition[];
  readonly console: SerialConsole;
  /** all nodes of the testbed */
  readonly nodes: readonly ProbingNode[];
  /** all links of the testbed, with the interfaces of nodes on them */
  readonly links: readonly { readonly name: string; readonly interfaces: readonly ProbedInterface[] }[];
  /** by what factor waits are longer than configured */
  readonly timeFactor: number;
  /** returns the shell once the device is logged in */
  readonly shell: () => Pick<RemoteShell, 'run'>;
}

/** Pauses between two looks, in `ms`: the first, and the longest. */
const [firstPauseMs, longestPauseMs] = [250, 3000];

/** How long a program on a node may take that ends by itself after 20 s, in `ms`. */
const lookTimeoutMs = 60_000;

/** How a condition is awaited. */
interface Awaiting {
  readonly hold: (signal: AbortSignal) => Promise<void>;
  /** what is seen in its place, for people */
  readonly seen: () => string;
}

/** Waits until the conditions of `appliance.ready` hold, one after the other. Create it before the guest starts. */
export class Readiness implements Disposable {
  readonly #device: ReadyingDevice;
  readonly #awaitings: readonly Awaiting[];
  readonly #watches: ConsoleWatch[] = [];
  readonly #startPosition: number;

  /** @throws UsageError when a condition names a node or a link that the topology does not have */
  constructor(device: ReadyingDevice) {
    this.#device = device;
    this.#startPosition = device.console.position;
    this.#awaitings = device.conditions.map((condition) => this.#awaitingOf(condition));
  }

  /**
   * Waits until all conditions hold.
   * @param rest - returns how much time is left
   * @param limitMs - the time for the whole boot, in `ms`
   * @throws {@link NotReadyError} when one does not hold in time
   * @throws UsageError, ExecError, ContainerDiedError, ConsoleClosedError
   */
  async hold(rest: () => Wait, limitMs: number): Promise<void> {
    const { name, conditions, console } = this.#device;
    for (const [index, awaiting] of this.#awaitings.entries()) {
      const condition = conditions[index];
      if (!condition) continue;
      const awaited = conditionText(condition);
      const onTimeout = (cause: unknown): Error =>
        new NotReadyError(name, awaited, awaiting.seen(), limitMs, console.tail, { cause });
      await categorizedStep('testbed.ready', 'alpy.testbed', `Wait for ${awaited}`, () =>
        withDeadline(rest(), onTimeout, awaiting.hold),
      );
    }
  }

  [Symbol.dispose](): void {
    for (const watch of this.#watches) watch[Symbol.dispose]();
  }

  #awaitingOf(condition: ReadyCondition): Awaiting {
    const { console: expected, command, tcp, http, ping, carrier, quietMs } = condition;
    if (expected !== undefined) return this.#consoleText(expected);
    if (command !== undefined) return polling((wait) => this.#command(command, wait));
    if (tcp) return this.#fromNode(tcp, tcpProbe(this.#nodeNamed(tcp.node), tcp));
    if (http) return this.#fromNode(http, httpProbe(this.#nodeNamed(http.node), http));
    if (ping) return this.#fromNode(ping, pingProbe(this.#nodeNamed(ping.node), ping));
    if (carrier !== undefined) return polling(carrierProbe(this.#interfacesOf(carrier)));
    return this.#quiet((quietMs ?? 0) * this.#device.timeFactor);
  }

  #consoleText(expected: string): Awaiting {
    const watch = new ConsoleWatch(this.#device.console, patternOf(expected));
    this.#watches.push(watch);
    return { hold: (signal) => watch.found(signal), seen: () => this.#lastLine };
  }

  async #command(command: string, { signal }: Wait): ReturnType<Probe> {
    // its deadline is that of the boot, whose signal ends it
    const { exitStatus, output } = await this.#device.shell().run(command, { timeoutMs: 2 ** 31 - 1, signal, check: false });
    if (exitStatus === 0) return true;
    const last = output.trimEnd().split('\n').at(-1) ?? '';
    return `exit status ${exitStatus}${last === '' ? '' : ` and "${last}"`}`;
  }

  #fromNode({ node: name, from }: { readonly node: string; readonly from?: string | undefined }, probe: Probe): Awaiting {
    const node = this.#nodeNamed(name);
    const { hold, seen } = polling(probe);
    return { hold: (signal) => withAddress(node, from, { timeoutMs: lookTimeoutMs, signal }, () => hold(signal)), seen };
  }

  #quiet(quietMs: number): Awaiting {
    const { console } = this.#device;
    const hasSpoken = (): boolean => console.position > this.#startPosition;
    const hold = async (signal: AbortSignal): Promise<void> => {
      for (;;) {
        const leftMs = hasSpoken() ? quietMs - console.quietMs : quietMs;
        if (leftMs <= 0) return;
        await raceWithSignal(sleep(Math.min(leftMs, 2 ** 31 - 1), undefined, { ref: false }), signal);
      }
    };
    const seen = (): string => (hasSpoken() ? `${this.#lastLine} ${durationText(console.quietMs)} ago` : 'nothing at all');
    return { hold, seen };
  }

  get #lastLine(): string {
    const line = this.#device.console.tail.trimEnd().split('\n').at(-1) ?? '';
    return line === '' ? 'nothing' : `"${line}"`;
  }

  #nodeNamed(name: string): ProbingNode {
    const { nodes } = this.#device;
    const found = nodes.find((node) => node.name === name);
    if (found) return found;
    throw unknownName(name, 'a node', nodes);
  }

  #interfacesOf(link: string): readonly ProbedInterface[] {
    const { links } = this.#device;
    const withNodes = links.filter(({ interfaces }) => interfaces.length > 0);
    const found = withNodes.find(({ name }) => name === link);
    if (found) return found.interfaces;
    throw unknownName(link, 'a link with a node', withNodes);
  }
}

/** Looks again and again, less and less often. */
function polling(probe: Probe): Awaiting {
  let seen = 'nothing yet';
  const hold = async (signal: AbortSignal): Promise<void> => {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
      const sight = await probe({ timeoutMs: lookTimeoutMs, signal });
      if (sight === true) return;
      seen = sight;
      await raceWithSignal(sleep(pauseMs, undefined, { ref: false }), signal);
    }
  };
  return { hold, seen: () => seen };
}

function unknownName(name: string, what: string, all: readonly { readonly name: string }[]): UsageError {
  const names = all.map((one) => one.name).join(', ');
  const expected = names === '' ? `${what}, of which the topology has none` : `one of ${names}`;
  return new UsageError(`appliance.ready: expected ${expected}, got "${name}"`);
}
