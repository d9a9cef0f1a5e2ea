// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { CleanupError } from '../../../src/core/lifetime.ts';
import type { Node } from '../../../src/network/index.ts';
import { tearDown, tearDownAfter, type Completion, type Started } from '../../../src/testbed/teardown.ts';

interface FakeOptions {
  readonly isReusable?: boolean;
  readonly inside?: boolean;
  /** names of the containers of QEMU */
  readonly devices?: readonly string[];
}

/** A testbed that writes down what happens to it; calls that `broken` names fail with their own name. */
function fakeTestbed(broken: readonly string[] = [], options: FakeOptions = {}) {
  const calls: string[] = [];
  const call = (name: string): Promise<void> => {
    calls.push(name);
    return broken.includes(name) ? Promise.reject(new Error(name)) : Promise.resolve();
  };
  const released = (name: string) => ({ name, container: name, [Symbol.asyncDispose]: () => call(`remove ${name}`) });
  const started = {
    lease: {
      isReusable: options.isReusable ?? false,
      group: {
        kill: (containers: readonly string[]) => call(`kill lifeline and ${containers.join(' ')}`),
        killOthers: (containers: readonly string[]) => call(`kill ${containers.join(' ')}`),
      },
      release: (isClean: boolean) => call(isClean ? 'release clean lifeline' : 'release lifeline'),
    },
    areCapturesInside: options.inside ?? false,
    nodes: [released('node0') as unknown as Node],
    uplinks: [],
    junctions: [],
    apps: { all: [released('app')] },
    hostsFolders: [],
    devices: (options.devices ?? ['qemu']).map((name) => ({
      hypervisor: {
        container: { name },
        expectEnd: () => calls.push('expect end of QEMU'),
        readStderr: () => Promise.resolve(broken.includes('disk full') ? 'dump write error' : ''),
        [Symbol.asyncDispose]: () => call('wait for QEMU'),
      },
      console: { close: () => call('close console') },
    })),
  } as unknown as Started;
  const completion: Completion = {
    check: () => call('check'),
    closeConsoles: () => call('drain console'),
    finishCaptures: () => call('finish captures'),
  };
  return { calls, started, completion };
}

const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

test('checks first, kills, and finishes the captures only when QEMU has ended', async () => {
  const { calls, started, completion } = fakeTestbed();
  await tearDown(started, completion);
  expect(calls).toEqual([
    ...['check', 'drain console', 'expect end of QEMU', 'kill lifeline and node0 app'],
    ...['remove node0', 'remove app', 'wait for QEMU', 'finish captures', 'release clean lifeline'],
  ]);
});

test('a reusable lifeline survives a clean tear-down', async () => {
  const { calls, started, completion } = fakeTestbed([], { isReusable: true });
  await tearDown(started, completion);
  expect(calls).toContain('kill node0 app');
  expect(calls.filter((name) => name.includes('lifeline'))).toEqual(['release clean lifeline']);
});

test('after an error the lifeline ends before the rest is awaited, and is not reused', async () => {
  const { calls, started, completion } = fakeTestbed(['check'], { isReusable: true });
  expect(await errorOf(tearDown(started, completion))).toEqual(new Error('check'));
  expect(calls.slice(3)).toEqual([
    ...['kill node0 app', 'release lifeline', 'remove node0', 'remove app', 'wait for QEMU', 'finish captures'],
  ]);
});

test('a lifeline that holds the captures ends only after they were copied out', async () => {
  const { calls, started, completion } = fakeTestbed(['check'], { inside: true });
  await errorOf(tearDown(started, completion));
  expect(calls.slice(-3)).toEqual(['wait for QEMU', 'finish captures', 'release lifeline']);
});

test('every error is reported: those of checks as they are, those of releases as CleanupErrors', async () => {
  const broken = [
    'check',
    'drain console',
    'kill lifeline and node0 app',
    'remove app',
    'wait for QEMU',
    'disk full',
    'finish captures',
  ];
  const { started, completion } = fakeTestbed(broken);
  const error = (await errorOf(tearDown(started, completion))) as AggregateError;
  expect(error).toBeInstanceOf(AggregateError);
  const [console, processes, app, qemu] = ['drain console', 'kill lifeline and node0 app', 'remove app', 'wait for QEMU'];
  const cleanups = error.errors.flatMap((part: unknown) => (part instanceof CleanupError ? part.errors : []));
  expect(cleanups).toEqual([console, processes, app, qemu].map((message) => new Error(message)));
  const others = error.errors.filter((part: unknown) => !(part instanceof CleanupError));
  expect(others).toMatchObject([{ message: 'check' }, { code: 'ALPY_ENVIRONMENT' }, { message: 'finish captures' }]);
});

test('after a failed creation everything that was started is released, and its error is thrown', async () => {
  const { calls, started } = fakeTestbed();
  const failure = new Error('no room');
  expect(await tearDownAfter(failure, started)).toBe(failure);
  expect(calls).toEqual([
    ...['close console', 'expect end of QEMU', 'release lifeline', 'remove node0', 'remove app', 'wait for QEMU'],
  ]);
});

test('an error of the tear-down does not hide why the creation failed', async () => {
  const { started } = fakeTestbed(['remove node0']);
  const failure = new Error('no room');
  const error = await tearDownAfter(failure, started);
  expect(error).toMatchObject({ name: 'SuppressedError', suppressed: failure, error: { code: 'ALPY_CLEANUP' } });
});

test('the QEMU that joins nodes is awaited like that of a device before captures are finished, and its error output counts', async () => {
  const { calls, started, completion } = fakeTestbed();
  const junction = {
    container: { name: 'qemu@links' },
    expectEnd: () => calls.push('expect end of junction'),
    readStderr: () => Promise.resolve('dump write error'),
    [Symbol.asyncDispose]: () => {
      calls.push('wait for junction');
      return Promise.resolve();
    },
  };
  started.junctions.push(junction as unknown as Started['junctions'][number]);
  expect(await errorOf(tearDown(started, completion))).toMatchObject({ code: 'ALPY_ENVIRONMENT' });
  const order = ['expect end of junction', 'kill lifeline and node0 app', 'wait for junction', 'finish captures'];
  expect(calls.filter((name) => order.includes(name))).toEqual(order);
});

test('a creation that failed before QEMU started has only its lifeline to release', async () => {
  const { calls, started } = fakeTestbed();
  const { lease, areCapturesInside } = started;
  await tearDown({
    lease,
    areCapturesInside,
    nodes: [],
    uplinks: [],
    junctions: [],
    apps: { all: [] } as unknown as Started['apps'],
    hostsFolders: [],
    devices: [],
  });
  expect(calls).toEqual(['release lifeline']);
});

test('the errors of several devices name their containers, and one console that does not end leaves none open', async () => {
  const { calls, started } = fakeTestbed(['wait for QEMU', 'close console'], { devices: ['left', 'right'] });
  const error = (await errorOf(tearDown(started))) as AggregateError;
  expect(calls.filter((name) => name === 'close console')).toHaveLength(2);
  expect(error.message).toContain('left: wait for QEMU');
  expect(error.message).toContain('right: wait for QEMU');
});
