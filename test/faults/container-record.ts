// SPDX-License-Identifier: GPL-3.0-or-later
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { readLines } from '../../src/core/lines.ts';
import { jobLabel } from '../../src/docker/index.ts';

/** Records the identifiers of all containers that a job creates. */
export class ContainerRecord implements Disposable {
  readonly ids = new Set<string>();
  readonly #events: Readable;

  private constructor(events: Readable) {
    this.#events = events;
    readLines(events).on('line', (line: string) => {
      const { id } = JSON.parse(line) as { readonly id?: string };
      if (id !== undefined) this.ids.add(id);
    });
  }

  /** Begins to record. */
  static async open(docker: Docker, jobId: string): Promise<ContainerRecord> {
    const filters = JSON.stringify({ type: ['container'], event: ['create'], label: [`${jobLabel}=${jobId}`] });
    return new ContainerRecord((await docker.getEvents({ filters })) as unknown as Readable);
  }

  [Symbol.dispose](): void {
    this.#events.destroy();
  }
}
