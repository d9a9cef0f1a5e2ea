// SPDX-License-Identifier: GPL-3.0-or-later
// Loaded with `--import` before alpy: the clock of this process differs from the machine's by what a file says, in `ms`.
import { readFileSync } from 'node:fs';
import { clockVariable } from './clock-file.ts';

const lookMs = 20;
const path = process.env[clockVariable];
const RealDate = Date;
let [offsetMs, readMs] = [0, -Infinity];

function now(): number {
  const nowMs = performance.now();
  if (path !== undefined && nowMs - readMs > lookMs) {
    readMs = nowMs;
    offsetMs = offsetIn(path);
  }
  return RealDate.now() + offsetMs;
}

function offsetIn(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return 0; // the clock has not been stepped yet
  }
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
  apply: () => new RealDate(now()).toString(),
  get: (target, name, receiver): unknown => (name === 'now' ? now : Reflect.get(target, name, receiver)),
});
