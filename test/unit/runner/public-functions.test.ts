// SPDX-License-Identifier: GPL-3.0-or-later
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { RemoteShell } from '../../../src/access/index.ts';
import { Capture } from '../../../src/capture/index.ts';
import { loadConfig } from '../../../src/config/index.ts';
import { SerialConsole } from '../../../src/console/index.ts';
import { App, Dhcp, Dns, Flow, Http, Node, NodeInterface, Ntp, Radius, Syslog, Tftp } from '../../../src/network/index.ts';
import { QmpClient } from '../../../src/qemu/index.ts';
import { matchers } from '../../../src/runner/matchers.ts';
import { probe } from '../../../src/runner/probe.ts';
import { Dut, DutPower, Link, LinkFault, Services, TimedFault, TestbedFactory } from '../../../src/testbed/index.ts';
import { Apps } from '../../../src/testbed/apps.ts';

const createTestbed: unknown = Object.getOwnPropertyDescriptor(TestbedFactory.prototype, 'create')?.value;

/** A function that users call. */
interface PublicFunction {
  readonly call: (...given: readonly unknown[]) => unknown;
  /** right arguments before its options */
  readonly before: readonly unknown[];
  /** right options, as far as they are required */
  readonly options?: object;
}

const node = Object.create(Node.prototype) as Node;
const link = Object.create(Link.prototype) as Link;
const flow = Object.create(Flow.prototype) as Flow;
const wait = { timeoutMs: 5 };
const { signal } = new AbortController();

/** Classes whose methods users call, each with the names of its methods that only alpy calls. */
const classes = {
  'dut.console': [SerialConsole, ['claim', 'reserve', 'peek', 'more']],
  'dut.shell': [RemoteShell, []],
  'dut.qmp': [QmpClient, []],
  dut: [Dut, ['bootAfter', 'save', 'close']],
  link: [Link, ['setPowered', 'cancelFaults']],
  fault: [LinkFault, ['cancel']],
  unplugged: [TimedFault, ['cancel']],
  apps: [Apps, ['startService']],
  app: [App, ['onLine', 'expectEnd', 'failAtEnd', 'details']],
  services: [Services, []],
  dhcp: [Dhcp, []],
  dns: [Dns, []],
  http: [Http, []],
  tftp: [Tftp, []],
  ntp: [Ntp, []],
  syslog: [Syslog, []],
  radius: [Radius, []],
  node: [Node, ['containerFor', 'assertInterface', 'prepare', 'probe', 'sockets', 'addresses', 'addLinkAddress']],
  interface: [NodeInterface, ['apply', 'assertExists', 'addresses', 'bringUp']],
  flow: [Flow, ['recovery']],
  capture: [Capture, []],
} as const;

const classesByLabel = Object.entries<readonly [{ readonly prototype: object }, readonly string[]]>(classes);

/** Right arguments of each method. The last one is options, if the method takes any. */
const methods: Readonly<Record<string, readonly [before: readonly unknown[], options?: object]>> = {
  'dut.console.expect': [['x'], wait],
  'dut.console.send': [['x'], {}],
  'dut.console.sendLine': [['x'], {}],
  'dut.console.discard': [[5]],
  'dut.console.observe': [[() => undefined]],
  'dut.console.close': [[]],
  'dut.shell.opened': [[]],
  'dut.shell.run': [['ls'], {}],
  'dut.shell.runScript': [['script', ['word']], {}],
  'dut.shell.upload': [[Buffer.from('x'), '/tmp/x'], {}],
  'dut.shell.download': [['/tmp/x'], {}],
  'dut.qmp.execute': [['stop', {}], {}],
  'dut.qmp.waitForEvent': [['STOP'], wait],
  'dut.qmp.onEvent': [[() => undefined]],
  'dut.qmp.close': [[]],
  'dut.start': [[]],
  'dut.pause': [[]],
  'dut.waitForClock': [[]],
  'dut.boot': [[], {}],
  'dut.login': [[wait], { user: 'root' }],
  'dut.powerDown': [[], {}],
  'dut.waitForShutdown': [[], {}],
  'dut.waitForReboot': [[], {}],
  'dut.waitForStop': [[], {}],
  'dut.isRunning': [[]],
  'dut.reboot': [[], {}],
  'dut.reset': [[]],
  'dut.freeze': [[]],
  'dut.crash': [[], {}],
  'dut.powerCut': [[]],
  'dut.powerOn': [[]],
  'dut.screenshot': [['screen.png']],
  'link.setUp': [[true]],
  'link.unplug': [[], { durationMs: 1 }],
  'link.flap': [[], { times: 1, downMs: 1, upMs: 1 }],
  'link.impair': [[], { delayMs: 1 }],
  'fault.counts': [[]],
  'fault.end': [[]],
  'unplugged.end': [[]],
  'apps.start': [[{ node }]],
  'apps.run': [[{ node }], {}],
  'app.wait': [[], {}],
  'app.waitForOutput': [['listening'], {}],
  'app.waitUntilRunning': [[], wait],
  'app.kill': [['SIGTERM']],
  'app.checkAlive': [[]],
  'services.dhcp': [[node], { domain: 'x' }],
  'services.dns': [[node], { records: {} }],
  'services.http': [[node], { root: '/' }],
  'services.tftp': [[node], { root: '/' }],
  'services.ntp': [[node], { stratum: 3 }],
  'services.syslog': [[node], { port: 514 }],
  'services.radius': [[node], { secret: 'x', users: {} }],
  'dhcp.lease': [['52:54:00:00:00:01'], {}],
  'dns.query': [['x'], {}],
  'http.request': [['/x'], {}],
  'tftp.request': [['x'], {}],
  'ntp.request': [[], {}],
  'syslog.waitFor': [['x'], {}],
  'radius.request': [['bob'], {}],
  'node.configure': [[{ address: '192.168.1.2/24' }], {}],
  'node.run': [[['ip', 'link']], {}],
  'node.ping': [['192.168.1.1'], {}],
  'node.counters': [[], {}],
  'node.setCarrier': [[true], {}],
  'interface.configure': [[{ address: '192.168.1.2/24' }], {}],
  'interface.counters': [[], {}],
  'interface.setCarrier': [[true], {}],
  'flow.report': [[], {}],
  'capture.frames': [['icmp'], {}],
  'capture.count': [['icmp'], {}],
  'capture.follow': [['icmp'], { signal }],
  'capture.waitFor': [['icmp'], {}],
};

/** The methods of a class that users call, by the name that messages give them. */
function methodsOf(
  label: string,
  { prototype }: { readonly prototype: object },
  internal: readonly string[],
): [string, unknown][] {
  return Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, { value }]) => typeof value === 'function' && name !== 'constructor' && !internal.includes(name))
    .map(([name, { value }]) => [`${label}.${name}`, value]);
}

/** What {@link Dut} inherits. */
const base: typeof classesByLabel = [['dut', [DutPower, []]]];

const found = [...classesByLabel, ...base].flatMap(([label, [type, internal]]) =>
  methodsOf(label, type, internal).map(([name, method]): [string, PublicFunction] => {
    const [before, options] = methods[name] ?? [[]];
    const call = (...given: readonly unknown[]): unknown =>
      Reflect.apply(method as () => unknown, Object.create(type.prototype), given);
    return [name, { call, before, ...(options ? { options } : {}) }];
  }),
);

const others: [string, PublicFunction][] = [
  ['loadConfig', { call: loadConfig as PublicFunction['call'], before: [], options: { directory: '/' } }],
  [
    'new TestbedFactory',
    { call: (...given) => Reflect.construct(TestbedFactory, given) as object, before: [{}, {}], options: { snapshots: 'no' } },
  ],
  [
    'factory.create',
    {
      call: (...given) =>
        Reflect.apply(createTestbed as () => unknown, Object.create(TestbedFactory.prototype), given) as unknown,
      before: [],
      options: { directory: '/', devices: [{}], topology: {} },
    },
  ],
  ['toReach', { call: matchers.toReach as PublicFunction['call'], before: [node, '192.168.1.1'], options: {} }],
  ['toHaveSeen', { call: matchers.toHaveSeen.bind({}) as PublicFunction['call'], before: [link, 'icmp'], options: {} }],
  ['not.toHaveSeen', { call: matchers.toHaveSeen.bind({ isNot: true }) as PublicFunction['call'], before: [link, 'icmp'] }],
  ['probe', { call: probe as PublicFunction['call'], before: [node, node], options: { perSecond: 5 } }],
  ['toRecoverWithin', { call: matchers.toRecoverWithin as PublicFunction['call'], before: [flow, '300ms'], options: {} }],
  ['toBeWithoutLoss', { call: matchers.toBeWithoutLoss as PublicFunction['call'], before: [flow] }],
  ['toHaveLostAtMost', { call: matchers.toHaveLostAtMost as PublicFunction['call'], before: [flow, '1%'] }],
  [
    'SerialConsole.open',
    {
      call: SerialConsole.open.bind(SerialConsole) as PublicFunction['call'],
      before: [new PassThrough()],
      options: { name: 'x' },
    },
  ],
  [
    'RemoteShell.login',
    {
      call: RemoteShell.login.bind(RemoteShell) as PublicFunction['call'],
      before: [Object.create(SerialConsole.prototype), { user: 'root' }, wait],
      options: { prepare: '' },
    },
  ],
];

const all = [...found, ...others];
const withOptions = all.flatMap(([name, { call, before, options }]) => (options ? [{ name, call, before, options }] : []));
const withoutOptions = all.flatMap(([name, { call, before, options }]) => (options ? [] : [{ name, call, before }]));
const withArguments = all.filter(([, { before }]) => before.length > 0);

/** What a call throws at once; the calls here fail before they do anything. */
async function errorOf(call: PublicFunction['call'], ...given: readonly unknown[]): Promise<unknown> {
  try {
    await call(...given);
  } catch (error) {
    return error;
  }
  return undefined;
}

const isUsage = { code: 'ALPY_USAGE', fault: 'usage' };

test('the table has every method of the objects that tests use', () => {
  expect(found.map(([name]) => name).sort()).toEqual(Object.keys(methods).sort());
});

/** The name of one of its options, and these options with another value. */
function optionOf(options: object): { readonly name: string; readonly withValue: (value: unknown, name?: string) => object } {
  const [name = 'timeoutMs'] = Object.keys(options);
  return { name, withValue: (value, as = name) => ({ ...options, [as]: value }) };
}

describe('an option with a wrong name is refused, and the error names the right one:', () => {
  test.each(withOptions)('$name', async ({ call, before, options }) => {
    const { name, withValue } = optionOf(options);
    const wrong = name.slice(0, -1);
    const error = await errorOf(call, ...before, withValue(5, wrong));
    const hint = `unknown option "${wrong}": did you mean "${name}"?`;
    expect(error).toMatchObject({ ...isUsage, message: expect.stringContaining(hint) as string });
  });
});

describe('an option of a wrong type is refused:', () => {
  test.each(withOptions)('$name', async ({ call, before, options }) => {
    const { name, withValue } = optionOf(options);
    const error = await errorOf(call, ...before, withValue([]));
    expect(error).toMatchObject({ ...isUsage, message: expect.stringContaining(`expected ${name} to be `) as string });
  });
});

describe('options that are not an object are refused:', () => {
  test.each(withOptions)('$name', async ({ call, before }) => {
    expect(await errorOf(call, ...before, 5000)).toMatchObject(isUsage);
  });
});

describe('options in the argument before are refused, and the error names the right argument:', () => {
  test.each(withOptions.filter(({ before }) => before.length > 0))('$name', async ({ call, before, options }) => {
    const { name, withValue } = optionOf(options);
    const error = await errorOf(call, ...before.slice(0, -1), withValue(5));
    expect(error).toMatchObject({ ...isUsage, message: expect.stringContaining(`"${name}" belongs in the `) as string });
  });
});

describe('an argument that the function does not have is refused:', () => {
  test.each(withOptions)('$name', async ({ call, before, options }) => {
    expect(await errorOf(call, ...before, options, { signal })).toMatchObject(isUsage);
  });
  test.each(withoutOptions)('$name', async ({ call, before }) => {
    expect(await errorOf(call, ...before, undefined, wait)).toMatchObject(isUsage);
  });
});

describe('an argument of a wrong type is refused:', () => {
  test.each(withArguments.map(([name, { call, before, options }]) => ({ name, call, before, options })))(
    '$name',
    async ({ call, before, options }) => {
      for (const at of before.keys()) {
        const given = before.map((value, index) => (index === at ? Symbol('wrong') : value));
        expect(await errorOf(call, ...given, ...(options ? [options] : []))).toMatchObject(isUsage);
      }
    },
  );
});
