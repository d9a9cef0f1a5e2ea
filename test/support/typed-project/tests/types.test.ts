// SPDX-License-Identifier: GPL-3.0-or-later
/* eslint-disable @typescript-eslint/no-unsafe-call -- calls of what does not exist */
// Nothing runs this file: tsc checks it, here with the sources and in test/e2e/package.test.ts with the declarations of the package.
import { readFile } from 'node:fs/promises';
import { AlpyError, loadConfig, type App, type Apps, type Capture, type Dut, type Link, type Node, type Testbed } from 'alpy';
import { Rabbit, serveHttp, test as rabbitTest } from 'alpy/carrot';
import { describe, expect, test } from 'alpy/test';
import { Router, test as routerTest } from '../library/router.ts';

type IsAny<T> = 0 extends 1 & T ? true : false;
type Same<A, B> = IsAny<A> extends IsAny<B> ? ([A, B] extends [B, A] ? true : false) : false;

/** Compiles only if the value has the expected type, and not any, or if it has another one and `same` is false. */
const isTyped =
  <Expected>() =>
  <T>(...args: readonly [value: T, same: Same<T, Expected>]): number =>
    args.length;

test('fixtures have types', async ({ dut, nodes, links, apps, capture, testbed, directory, step }) => {
  const [left] = nodes;
  isTyped<Dut>()(dut, true);
  isTyped<Node>()(left, true);
  isTyped<Link>()(links[1], true);
  isTyped<Apps>()(apps, true);
  isTyped<Capture>()(capture(0), true);
  isTyped<Testbed>()(testbed, true);
  isTyped<string>()(directory, true);
  isTyped<number>()(await step('Count', () => Promise.resolve(1)), true);
  // the check itself can fail
  isTyped<Dut>()(dut as unknown, false);
  isTyped<string>()(await readFile('a', 'utf8'), true);
});

test('methods and matchers have types', async ({ dut, nodes: [left], links, apps }) => {
  isTyped<string>()((await dut.shell.run('uname')).output, true);
  await expect(left).toReach('192.168.1.1', { timeoutMs: 1000 });
  await expect(links[0]).not.toHaveSeen('icmp');
  isTyped<App>()(await serveHttp(apps, left, 'hello'), true);
  isTyped<string | undefined>()((await loadConfig({ directory: '.' })).config.devices[0].appliance.image, true);
  // @ts-expect-error -- there is no such option
  await left.configure({ adress: '192.168.1.2/24' });
  // @ts-expect-error -- the option is timeoutMs
  await expect(left).toReach('192.168.1.1', { timeout: 5 });
  // @ts-expect-error -- there is no such matcher
  await expect(left).toReachIt('192.168.1.1');
  // @ts-expect-error -- there is no such method
  await dut.shell.runs('uname');
});

describe('libraries', () => {
  routerTest('of the project', ({ router }) => {
    isTyped<Router>()(router, true);
  });
  rabbitTest('of Rabbit', ({ rabbit }) => {
    isTyped<Rabbit>()(rabbit, true);
  });
});

isTyped<'usage' | 'environment' | 'device' | 'bug'>()({} as AlpyError['fault'], true);
