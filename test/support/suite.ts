// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';

const name = 'ALPY_JOB_ID';

/** Gives this run of the tests an identifier, which every `alpy` that it starts writes on its containers. */
export function beginSuite(): void {
  process.env[name] = `tests-${randomBytes(4).toString('hex')}`;
}

/** Identifier of this run of the tests: the label `io.alpy.job` of its containers. @throws Error outside of a run */
export function suiteId(): string {
  const id = process.env[name];
  if (id === undefined) throw new Error(`${name} is not set: run the tests with Vitest, whose global set-up sets it`);
  return id;
}
