// SPDX-License-Identifier: GPL-3.0-or-later

/** Resources for testbeds. */
export interface Capacity {
  /** maximum number of testbeds at once */
  readonly testbeds: number;
  /** memory for testbeds, in MiB */
  readonly memoryMiB: number;
  /** maximum number of cold boots at once, so that they do not slow running tests down */
  readonly boots: number;
}

/** A demand for the testbed of a test. */
export interface TestbedDemand {
  readonly kind: 'testbed';
  /** memory of the testbed and of the test's other programs, in MiB */
  readonly memoryMiB: number;
  /** whether no other testbed may exist at the same time */
  readonly exclusive: boolean;
}

/** A demand for resources. */
export type Demand =
  | TestbedDemand
  | {
      /** a testbed that no test needs yet */
      readonly kind: 'spare';
      readonly memoryMiB: number;
    }
  | {
      readonly kind: 'boot';
      /** boots of the same name do not run at the same time; absent for no such limit */
      readonly name?: string | undefined;
    };

/** What becomes of a demand. */
export interface Claim {
  /** called once, maybe before the request returns */
  readonly grant: () => void;
  /** called at most once, when a test needs the room of a granted spare testbed, which then has to be released */
  readonly revoke?: () => void;
  /** a granted spare testbed that becomes the demanded one; its claim ends when the demand is granted */
  readonly spare?: Demand | undefined;
}

interface Request extends Claim {
  readonly demand: Demand;
}

/**
 * Grants testbeds, memory, boots and exclusive use. First come, first served: small demands do not overtake large ones, so a large
 * one waits only for those before it. Boots have a separate queue; testbeds do not wait for them. Spare testbeds do not wait: they get
 * what is left, and have to give it back when a test needs it.
 */
export class Scheduler {
  readonly #capacity: Capacity;
  readonly #active = new Map<Demand, Request>();
  readonly #revoked = new Set<Demand>();
  #queue: readonly Request[] = [];

  constructor(capacity: Capacity) {
    this.#capacity = capacity;
  }

  /**
   * @returns releases the grant, or cancels the request if it is still pending; may be called again
   * @throws RangeError when the demand exceeds the total memory, or there is no room for a spare testbed now
   */
  request(demand: Demand, claim: Claim): () => void {
    const request = { ...claim, demand };
    if (demand.kind === 'testbed' && demand.memoryMiB > this.#capacity.memoryMiB)
      throw new RangeError(
        `a testbed wants ${demand.memoryMiB} MiB, but the run has ${this.#capacity.memoryMiB} MiB for all of them`,
      );
    if (demand.kind === 'spare' && !this.#hasRoomForSpare(demand)) throw new RangeError('there is no room for a spare testbed');
    this.#queue = [...this.#queue, request];
    this.#serve();
    return () => {
      this.#queue = this.#queue.filter((one) => one !== request);
      this.#active.delete(demand);
      this.#revoked.delete(demand);
      this.#serve();
    };
  }

  #serve(): void {
    const held = new Set<Demand['kind']>(); // kinds with a pending demand, which no later one may overtake
    for (const request of this.#queue) {
      const { demand } = request;
      const isNameTaken = demand.kind === 'boot' && this.#hasBoot(demand.name);
      if (isNameTaken) continue; // waits for the boot of the same name, not for a slot
      if (held.has(demand.kind) || !this.#fits(request)) {
        if (demand.kind === 'testbed') this.#revokeSpares(request);
        held.add(demand.kind);
        continue;
      }
      this.#queue = this.#queue.filter((one) => one !== request);
      if (request.spare) this.#active.delete(request.spare);
      this.#active.set(demand, request);
      request.grant();
    }
  }

  #fits({ demand, spare }: Request, allSpares = this.#all('spare')): boolean {
    if (demand.kind === 'boot') return this.#all('boot').length < this.#capacity.boots;
    const testbeds = this.#all('testbed');
    const spares = allSpares.filter((one) => one !== spare);
    const usedMiB = [...testbeds, ...spares].reduce((sum, { memoryMiB }) => sum + memoryMiB, demand.memoryMiB);
    if (testbeds.some(({ exclusive }) => exclusive)) return false;
    if (demand.kind === 'testbed' && demand.exclusive) return testbeds.length + spares.length === 0;
    if (demand.kind === 'testbed' && testbeds.length >= this.#capacity.testbeds) return false;
    return usedMiB <= this.#capacity.memoryMiB;
  }

  #hasRoomForSpare(demand: Demand): boolean {
    const isTestWaiting = this.#queue.some((one) => one.demand.kind === 'testbed');
    return !isTestWaiting && this.#fits({ demand, grant: () => undefined });
  }

  #revokeSpares(waiting: Request): void {
    if (!this.#fits(waiting, [])) return; // it waits for another test, too
    for (const { demand, revoke } of this.#active.values()) {
      if (demand.kind !== 'spare' || demand === waiting.spare || this.#revoked.has(demand)) continue;
      this.#revoked.add(demand);
      revoke?.();
    }
  }

  #all<Kind extends Demand['kind']>(kind: Kind): readonly Extract<Demand, { readonly kind: Kind }>[] {
    return [...this.#active.keys()].filter((one): one is Extract<Demand, { readonly kind: Kind }> => one.kind === kind);
  }

  #hasBoot(name: string | undefined): boolean {
    return name !== undefined && this.#all('boot').some((one) => one.name === name);
  }
}
