// SPDX-License-Identifier: GPL-3.0-or-later

/** What there is for testbeds. */
export interface Capacity {
  /** how many there may be at once */
  readonly testbeds: number;
  /** memory for testbeds, in MiB */
  readonly memoryMiB: number;
  /** how many guests may boot cold at once, so that they do not starve the tests that run */
  readonly boots: number;
}

/** What somebody wants to have for a while. */
export type Demand =
  | {
      readonly kind: 'testbed';
      /** memory of the testbed and of what the test runs beside it, in MiB */
      readonly memoryMiB: number;
      /** whether no other testbed may be there at the same time */
      readonly exclusive: boolean;
    }
  | {
      readonly kind: 'boot';
      /** nobody else has a boot of the same name at the same time; absent for any number */
      readonly name?: string | undefined;
    };

interface Request {
  readonly demand: Demand;
  readonly grant: () => void;
}

/**
 * Hands out turns, memory, boots and solitude. First come, first served: who asks for much is not overtaken by those who ask for
 * little, and so waits no longer than for those before it. Boots have a queue of their own; testbeds do not wait for them.
 */
export class Scheduler {
  readonly #capacity: Capacity;
  readonly #active = new Set<Demand>();
  #queue: readonly Request[] = [];

  constructor(capacity: Capacity) {
    this.#capacity = capacity;
  }

  /**
   * @param grant - called once, at the earliest before this returns
   * @returns gives it back, or takes the request back when it was not granted yet; may be called again
   * @throws RangeError when there is not so much memory in all
   */
  request(demand: Demand, grant: () => void): () => void {
    if (demand.kind === 'testbed' && demand.memoryMiB > this.#capacity.memoryMiB)
      throw new RangeError(
        `a testbed wants ${demand.memoryMiB} MiB, but the machine has ${this.#capacity.memoryMiB} MiB for all of them`,
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
    const held = new Set<Demand['kind']>(); // kinds of which one waits already: nobody may overtake it
    for (const request of this.#queue) {
      const { demand } = request;
      const isNameTaken = demand.kind === 'boot' && this.#hasBoot(demand.name);
      if (isNameTaken) continue; // waits for that one, not for a slot
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
