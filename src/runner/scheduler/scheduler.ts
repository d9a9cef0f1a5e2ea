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

/** A demand for resources. */
export type Demand =
  | {
      readonly kind: 'testbed';
      /** memory of the testbed and of the test's other programs, in MiB */
      readonly memoryMiB: number;
      /** whether no other testbed may exist at the same time */
      readonly exclusive: boolean;
    }
  | {
      readonly kind: 'boot';
      /** boots of the same name do not run at the same time; absent for no such limit */
      readonly name?: string | undefined;
    };

interface Request {
  readonly demand: Demand;
  readonly grant: () => void;
}

/**
 * Grants testbeds, memory, boots and exclusive use. First come, first served: small demands do not overtake large ones, so a large
 * one waits only for those before it. Boots have a separate queue; testbeds do not wait for them.
 */
export class Scheduler {
  readonly #capacity: Capacity;
  readonly #active = new Set<Demand>();
  #queue: readonly Request[] = [];

  constructor(capacity: Capacity) {
    this.#capacity = capacity;
  }

  /**
   * @param grant - called once, maybe before this returns
   * @returns releases the grant, or cancels the request if it is still pending; may be called again
   * @throws RangeError when the demand exceeds the total memory
   */
  request(demand: Demand, grant: () => void): () => void {
    if (demand.kind === 'testbed' && demand.memoryMiB > this.#capacity.memoryMiB)
      throw new RangeError(
        `a testbed wants ${demand.memoryMiB} MiB, but the run has ${this.#capacity.memoryMiB} MiB for all of them`,
      );
    const request = { demand, grant };
    this.#queue = [...this.#queue, request];
    this.#serve();
    return () => {
      this.#queue = this.#queue.filter((one) => one !== request);
      this.#active.delete(demand);
      this.#serve();
    };
  }

  #serve(): void {
    const held = new Set<Demand['kind']>(); // kinds with a pending demand, which no later one may overtake
    for (const request of this.#queue) {
      const { demand } = request;
      const isNameTaken = demand.kind === 'boot' && this.#hasBoot(demand.name);
      if (isNameTaken) continue; // waits for the boot of the same name, not for a slot
      if (held.has(demand.kind) || !this.#fits(demand)) {
        held.add(demand.kind);
        continue;
      }
      this.#queue = this.#queue.filter((one) => one !== request);
      this.#active.add(demand);
      request.grant();
    }
  }

  #fits(demand: Demand): boolean {
    const active = [...this.#active].filter(({ kind }) => kind === demand.kind);
    if (demand.kind === 'boot') return active.length < this.#capacity.boots;
    const testbeds = active.filter((one) => one.kind === 'testbed');
    if (testbeds.some(({ exclusive }) => exclusive)) return false;
    if (demand.exclusive) return testbeds.length === 0;
    if (testbeds.length >= this.#capacity.testbeds) return false;
    return testbeds.reduce((sum, { memoryMiB }) => sum + memoryMiB, demand.memoryMiB) <= this.#capacity.memoryMiB;
  }

  #hasBoot(name: string | undefined): boolean {
    return name !== undefined && [...this.#active].some((one) => one.kind === 'boot' && one.name === name);
  }
}
