// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { ConfigError } from '../../../src/config/errors.ts';
import { knownNames } from '../../../src/config/known-names.ts';
import { originText, resolveConfig, type LoadedConfig } from '../../../src/config/resolve.ts';
import type { ConfigOverrides } from '../../../src/config/schema.ts';
import type { Variables } from '../../../src/core/variables.ts';

function resolve(raw: unknown, variables: Variables = {}, flags: ConfigOverrides = {}): LoadedConfig {
  return resolveConfig({ file: '/project/rabbit/alpy.yaml', raw, variables, flags, directory: '/project' });
}

function problems(raw: unknown, variables: Variables = {}, flags: ConfigOverrides = {}): readonly string[] {
  try {
    resolve(raw, variables, flags);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const nothingToBoot =
  'appliance.image: expected a disk image, or another key that boots the machine, such as cdroms or kernel, got nothing';

test('a file that names an image gets every default', () => {
  const appliance = {
    name: 'dut',
    image: '/project/rabbit/disk.qcow2',
    format: 'auto',
    memoryMiB: 256,
    cpus: 1,
    machine: 'q35',
    nic: 'virtio-net-pci',
    firmware: 'bios',
    qemuArgs: [],
    bootTimeoutMs: 120_000,
    provision: [],
    kernelMessages: 'keep',
    lineEnd: 'lf',
  };
  expect(resolve({ appliance: { image: 'disk.qcow2' } }).config).toEqual({
    appliances: { appliance },
    devices: [{ name: 'dut', appliance }],
    topology: { links: 2 },
    images: {},
    tests: { include: ['tests/**/*.test.ts', '*.test.ts'], timeoutMs: 120_000, concurrent: false, shuffle: false },
    accel: 'auto',
    boot: 'snapshot',
    snapshots: { maxMiB: 8192 },
    retries: 0,
    spareTestbeds: 'auto',
    retryEnvironment: 0,
    failOnFlaky: false,
    out: '/project/alpy-out',
  });
});

test('a file can set every value', () => {
  const prompts = { loginPrompt: 'l', passwordPrompt: 'p', shellPrompt: '/# $/' };
  const login = { user: 'root', password: 'x', ...prompts, failure: 'no', retryMs: 0, shellCommand: 'exec sh' };
  const input = {
    appliance: {
      name: 'rabbit',
      image: '/disk.vmdk',
      format: 'vmdk',
      memoryMiB: 512,
      cpus: 2,
      cpu: 'max',
      machine: 'pc',
      disk: 'ide',
      nic: 'e1000',
      nics: [{ model: 'rtl8139', mac: '52:54:00:12:34:56' }],
      boot: 'network',
      firmware: 'uefi',
      qemuArgs: ['-device', 'virtio-rng'],
      bootTimeoutMs: 1,
      login,
      provision: ['modprobe bonding'],
      clockCommand: '',
      rebootCommand: 'reload',
      kernelMessages: 'separate',
      powerOffCommand: 'poweroff',
      become: 'sudo -n',
      lineEnd: 'cr',
    },
    topology: { links: 1 },
    images: { registry: 'r', tag: 't', qemu: 'q', node: 'n', traffic: 'x', mine: 'm' },
    tests: { include: ['a.test.ts'], timeoutMs: 5, concurrent: true, shuffle: 4711 },
    accel: 'tcg',
    boot: 'cold',
    snapshots: { directory: '/snapshots', maxMiB: 100 },
    workers: 3,
    retries: 1,
    spareTestbeds: 'always',
    retryEnvironment: 2,
    failOnFlaky: true,
    out: '/out',
  };
  const { appliance, ...others } = input;
  expect(resolve(input).config).toEqual({ ...others, appliances: { appliance }, devices: [{ name: 'dut', appliance }] });
});

test.each([
  ['ALPY_TESTS_CONCURRENT', 'true', { concurrent: true }],
  ['ALPY_TESTS_CONCURRENT', 'false', { concurrent: false }],
  ['ALPY_TESTS_SHUFFLE', 'true', { shuffle: true }],
  ['ALPY_TESTS_SHUFFLE', '4711', { shuffle: 4711 }],
])('a variable sets a value that is true or false: %s=%s', (name, value, tests) => {
  const { config } = resolve({ appliance: { image: 'a' }, tests: { concurrent: true } }, { [name]: value });
  expect(config.tests).toMatchObject(tests);
});

test.each([
  ['ALPY_TESTS_CONCURRENT', 'yes', 'tests.concurrent (from ALPY_TESTS_CONCURRENT): expected true or false, got "yes"'],
  [
    'ALPY_TESTS_SHUFFLE',
    'random',
    'tests.shuffle (from ALPY_TESTS_SHUFFLE): expected true, false or a whole number of at least 0, got "random"',
  ],
])('a variable with a wrong value is named: %s=%s', (name, value, text) => {
  expect(problems({ appliance: { image: 'a' } }, { [name]: value })).toEqual([text]);
});

test('precedence: flags, variables, file, defaults; each value has its origin', () => {
  const { config, values } = resolve(
    { appliance: { image: 'disk.qcow2', cpus: 2 }, accel: 'tcg', retries: 1, out: 'here' },
    {
      ALPY_ACCEL: 'kvm',
      ALPY_RETRIES: '2',
      ALPY_APPLIANCE_MEMORY_MIB: ' 64',
      ALPY_OUT: '',
      ALPY_IMAGE_MY_APP: 'x/y',
      HOME: '/root',
    },
    { retries: 3, workers: undefined, topology: { links: 1 } },
  );
  expect(config).toMatchObject({ accel: 'kvm', retries: 3, out: '/project/rabbit/here', images: { 'my-app': 'x/y' } });
  expect(Object.fromEntries([...values].map(([path, { origin }]) => [path, originText(origin)]))).toEqual({
    'appliance.name': 'default',
    'appliance.image': 'file',
    'appliance.format': 'default',
    'appliance.memoryMiB': 'variable ALPY_APPLIANCE_MEMORY_MIB',
    'appliance.cpus': 'file',
    'appliance.machine': 'default',
    'appliance.nic': 'default',
    'appliance.firmware': 'default',
    'appliance.qemuArgs': 'default',
    'appliance.bootTimeoutMs': 'default',
    'appliance.provision': 'default',
    'appliance.kernelMessages': 'default',
    'appliance.lineEnd': 'default',
    'topology.links': 'flag',
    'images.my-app': 'variable ALPY_IMAGE_MY_APP',
    'tests.include': 'default',
    'tests.timeoutMs': 'default',
    'tests.concurrent': 'default',
    'tests.shuffle': 'default',
    accel: 'variable ALPY_ACCEL',
    boot: 'default',
    'snapshots.maxMiB': 'default',
    retries: 'flag',
    spareTestbeds: 'default',
    retryEnvironment: 'default',
    failOnFlaky: 'default',
    out: 'file',
  });
});

test('blanks around values of variables are ignored, except in appliance.login; blanks alone count as unset', () => {
  const { config } = resolve(
    { appliance: { image: 'a.qcow2', login: { user: 'root', shellPrompt: '# ' } }, images: { registry: 'file.example/a' } },
    {
      ALPY_REGISTRY: ' ',
      ALPY_IMAGE_TAG: ' 1.2 ',
      ALPY_ACCEL: ' tcg\n',
      ALPY_WORKERS: ' 3 ',
      ALPY_APPLIANCE_IMAGE: ' b.qcow2 ',
      ALPY_APPLIANCE_LOGIN_PASSWORD: ' x ',
      ALPY_APPLIANCE_LOGIN_SHELL_PROMPT: '> ',
    },
  );
  expect(config).toMatchObject({
    images: { registry: 'file.example/a', tag: '1.2' },
    accel: 'tcg',
    workers: 3,
    devices: [{ appliance: { image: '/project/b.qcow2', login: { password: ' x ', shellPrompt: '> ' } } }],
  });
});

test('paths in variables and flags are relative to the current directory', () => {
  const { config } = resolve({ appliance: { image: 'a' } }, { ALPY_APPLIANCE_IMAGE: 'b.img' }, { out: 'c' });
  expect([config.devices[0].appliance.image, config.out]).toEqual(['/project/b.img', '/project/c']);
});

test('a log-in needs a user and nothing else', () => {
  const { login } = resolve({ appliance: { image: 'a', login: { user: 'root' } } }).config.devices[0].appliance;
  expect(login).toEqual({ user: 'root' });
});

test('an image may come from a variable alone', () => {
  expect(resolve(null, { ALPY_APPLIANCE_IMAGE: 'b.img' }).config.devices[0].appliance.image).toBe('/project/b.img');
});

test('the configuration is deeply frozen', () => {
  const { config } = resolve({ appliance: { image: 'a' } });
  expect(
    [config, config.devices[0].appliance, config.devices[0].appliance.qemuArgs, config.tests.include].every(Object.isFrozen),
  ).toBe(true);
});

test('all problems are reported together, each with what was expected and found', () => {
  const raw = {
    appliance: {
      name: 'a b',
      image: '',
      memoryMiB: 16,
      cpus: 1.5,
      machine: 'q36',
      qemuArgs: 'x',
      login: { user: 1000, password: 1234, shellPrompt: '/(/' },
    },
    topology: { links: 33 },
    images: { qemu: true },
    tests: { include: [] },
    accel: 'hvf',
  };
  expect(problems(raw, { ALPY_WORKERS: 'many' }, { retries: -1 })).toEqual([
    'appliance.name: expected letters, digits, dots, dashes and underscores, 63 at most, starting with a letter or digit, got "a b"',
    'appliance.image: expected text that is not empty, got ""',
    'appliance.memoryMiB: expected 32 or more, got the number 16',
    'appliance.cpus: expected a whole number, got the number 1.5',
    'appliance.machine: expected one of q35, pc, microvm, virt, got "q36"',
    'appliance.qemuArgs: expected a list, got "x". Write it as a list: [VALUE]',
    'appliance.login.user: expected text, got the number 1000 (put it in quotes to make it text)',
    'appliance.login.password: expected text, got the number (put it in quotes to make it text)',
    'appliance.login.shellPrompt: expected text or a valid /regular expression/, got "/(/"',
    'topology.links: expected 32 or less, got the number 33',
    'images.qemu: expected text, got the boolean true (put it in quotes to make it text)',
    'tests.include: expected a list that is not empty, got an empty list',
    'accel: expected one of auto, kvm, tcg, got "hvf"',
    'workers (from ALPY_WORKERS): expected a whole number, got "many"',
    'retries (from the command line): expected 0 or more, got the number -1',
  ]);
});

test.for<[string, unknown, readonly string[]]>([
  ['nothing at all', undefined, ['appliance: expected an object, got nothing']],
  [
    'a list instead of names',
    { appliances: [] },
    [
      'appliance: expected an object, got nothing',
      'appliances: expected an object, got an empty list. Write names below it, each with its value',
    ],
  ],
  ['a list', [], ['(top): expected an object, got an empty list. Write keys below it, such as appliance and appliances']],
  ['a text', 'image', ['(top): expected an object, got "image". Write keys below it, such as appliance and appliances']],
  ['an appliance without an image', { appliance: {} }, [nothingToBoot]],
  [
    'an appliance that is a text',
    { appliance: 'disk.qcow2' },
    ['appliance: expected an object, got "disk.qcow2". Write keys below it, such as name and image'],
  ],
])('%s is refused', ([, raw, lines]) => {
  expect(problems(raw, { ALPY_APPLIANCE_CPUS: '' })).toEqual(lines);
});

test('unknown keys are refused, with the most similar key', () => {
  const raw = {
    appliance: { image: 'a', memory: 1, fromat: 'raw', accel: 'tcg', speed: 'x' },
    Links: 3,
    worker: 2,
    constructor: 1,
  };
  expect(problems(raw)).toEqual([
    'appliance.memory: unknown key. Did you mean memoryMiB?',
    'appliance.fromat: unknown key. Did you mean format?',
    'appliance.accel: unknown key here. Did you mean accel?',
    `appliance.speed: unknown key. Expected one of ${knownNames(['appliance']).join(', ')}`,
    'Links: unknown key here. Did you mean topology.links?',
    'worker: unknown key. Did you mean workers?',
    'constructor: unknown key. Expected one of appliance, appliances, topology, images, tests, accel, boot, snapshots, workers, testbedsMiB, spareTestbeds, retries, retryEnvironment, failOnFlaky, out',
  ]);
});

test('a problem in the file is reported even if a variable sets a value inside', () => {
  expect(problems({ appliance: 3 }, { ALPY_APPLIANCE_IMAGE: 'a' })).toEqual([
    'appliance: expected an object, got the number 3. Write keys below it, such as name and image',
  ]);
});

test('names that every object inherits have no special meaning', () => {
  expect(problems({ appliance: { image: 'a' }, images: { toString: 3 } }, { ALPY_IMAGE_TAG: 'x' }, { images: {} })).toEqual([
    'images.toString: expected text, got the number 3 (put it in quotes to make it text)',
  ]);
});
