// SPDX-License-Identifier: GPL-3.0-or-later
import type { Dut } from 'alpy';
import { test as base } from 'alpy/test';

/** The own library of somebody who tests a router. */
export class Router {
  readonly dut: Dut;

  constructor(dut: Dut) {
    this.dut = dut;
  }

  async name(): Promise<string> {
    return (await this.dut.shell.run('uname -n')).output;
  }
}

export const test = base.extend('router', ({ dut }) => new Router(dut));
