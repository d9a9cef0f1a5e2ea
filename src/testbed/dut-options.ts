// SPDX-License-Identifier: GPL-3.0-or-later
import { argumentsOf } from '../core/arguments.ts';
import { flag, path, waitOptions } from '../core/schemas.ts';
import { loginOptions } from '../access/index.ts';

/** Checks of the arguments of the functions of a device and its links. */
export const check = {
  start: argumentsOf('dut.start'),
  waitForClock: argumentsOf('dut.waitForClock'),
  pause: argumentsOf('dut.pause'),
  boot: argumentsOf('dut.boot', { wait: waitOptions }),
  login: argumentsOf('dut.login', { wait: waitOptions, options: loginOptions.optional() }),
  powerDown: argumentsOf('dut.powerDown', { wait: waitOptions }),
  waitForShutdown: argumentsOf('dut.waitForShutdown', { wait: waitOptions }),
  waitForReboot: argumentsOf('dut.waitForReboot', { wait: waitOptions }),
  waitForStop: argumentsOf('dut.waitForStop', { wait: waitOptions }),
  isRunning: argumentsOf('dut.isRunning'),
  reboot: argumentsOf('dut.reboot', { wait: waitOptions }),
  reset: argumentsOf('dut.reset'),
  freeze: argumentsOf('dut.freeze'),
  crash: argumentsOf('dut.crash', { wait: waitOptions }),
  powerCut: argumentsOf('dut.powerCut'),
  powerOn: argumentsOf('dut.powerOn'),
  screenshot: argumentsOf('dut.screenshot', { path }),
  setUp: argumentsOf('link.setUp', { isUp: flag }),
};
