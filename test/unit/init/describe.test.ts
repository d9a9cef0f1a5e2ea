// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { parseYaml } from '../../../src/config/read.ts';
import { resolveConfig } from '../../../src/config/index.ts';
import { configText, testText, unknowns, type Findings } from '../../../src/init/index.ts';

const found: Findings = {
  image: '/router.qcow2',
  hardware: { machine: 'q35', firmware: 'bios', disk: 'virtio', memoryMiB: 512 },
  outcome: { kind: 'prompt', prompt: 'login', line: 'router login: ' },
  bootMs: 9000,
  session: {
    user: 'root',
    password: "it's: 1",
    examined: { system: 'Linux', nics: ['virtio-net-pci', 'e1000'], isRoot: true, freeMiB: 300 },
  },
};
const description = { name: 'router', pathOf: (path: string) => `..${path}`, schema: '.alpy/s.json', isPasswordSecret: false };

/** What the file says about the appliance, after a check that alpy accepts it. */
function appliance(findings: Findings, about = description): unknown {
  const raw = parseYaml('alpy.yaml', configText(findings, about));
  resolveConfig({ file: '/p/alpy.yaml', raw, directory: '/p' });
  return (raw as { readonly appliance: unknown }).appliance;
}

test('an appliance that needs nothing special has a short configuration', () => {
  expect(configText(found, description)).toBe(`# yaml-language-server: $schema=.alpy/s.json
# Written by alpy init --image: it has booted the image, and its console stands at "router login:". All keys: alpy schema
appliance:
  name: router
  image: ../router.qcow2 # relative to this file
  memoryMiB: 512
  login:
    user: root
    password: 'it''s: 1' # or set the variable ALPY_APPLIANCE_LOGIN_PASSWORD
topology:
  links: 2
`);
  expect(unknowns(found)).toEqual([]);
  expect(testText(found)).toBe(`import { expect, test } from 'alpy/test';

test('the appliance boots and knows its name', async ({ dut }) => {
  const { output } = await dut.shell.run('uname -a');
  expect(output).toContain('Linux');
});
`);
});

test('everything else is written, and a password from a variable is not', () => {
  const examined = { system: 'FreeBSD', nics: ['e1000'], isRoot: false, become: 'sudo -n', freeMiB: 10 } as const;
  const findings: Findings = {
    ...found,
    hardware: { machine: 'pc', firmware: 'uefi', disk: 'ide', memoryMiB: 1024 },
    bootMs: 61_000,
    session: { user: 'bob', password: 'secret', examined },
  };
  expect(appliance(findings, { ...description, isPasswordSecret: true })).toEqual({
    name: 'router',
    image: '../router.qcow2',
    memoryMiB: 2048,
    machine: 'pc',
    firmware: 'uefi',
    disk: 'ide',
    nic: 'e1000',
    bootTimeoutMs: 190_000,
    login: { user: 'bob' },
    become: 'sudo -n',
  });
  expect(unknowns(findings)).toEqual(['how much memory it needs: of 1024 MiB, 10 were free; the file has twice as much']);
});

test('a prompt that is not that of a POSIX shell is enough for a log-in and for a test on the console', () => {
  const findings: Findings = {
    ...found,
    outcome: { kind: 'prompt', prompt: 'shell', line: '=> ' },
    session: { user: 'root', otherShell: 'expected a POSIX shell' },
  };
  expect(appliance(findings)).toMatchObject({ login: { user: 'root', shell: 'none', shellPrompt: '=> ' } });
  expect(testText(findings)).toBe(`import { test } from 'alpy/test';

test('the appliance boots to its prompt', async ({ dut }) => {
  await dut.console.sendLine();
  await dut.console.expect('=>', { timeoutMs: 60_000 });
});
`);
  expect(unknowns(findings)).toEqual([expect.stringContaining('which NIC')]);
});

test('a CD image is written without a disk', () => {
  const hardware = { machine: 'q35', firmware: 'uefi', memoryMiB: 512 } as const;
  expect(appliance({ ...found, image: '/live.iso', hardware })).toEqual({
    name: 'router',
    image: '../live.iso',
    memoryMiB: 512,
    firmware: 'uefi',
    login: { user: 'root', password: "it's: 1" },
  });
});

test('without a log-in, the guest is ready at its prompt', () => {
  const findings: Findings = { ...found, session: undefined };
  expect(appliance(findings)).not.toHaveProperty('login');
  expect(appliance(findings)).toMatchObject({ ready: [{ console: 'router login:' }] });
  expect(testText(findings)).toContain("\n  await dut.console.expect('router login:', { timeoutMs: 60_000 });\n});");
  expect(unknowns(findings)[0]).toMatch(/^the log-in: /);
});

test('what did not boot is said', () => {
  const trouble = { kind: 'trouble', sign: { trouble: 'no-root', line: 'Gave up' } } as const;
  expect(unknowns({ ...found, session: undefined, outcome: trouble })).toEqual([expect.stringContaining('"Gave up"')]);
  const silent = { kind: 'silent', screen: [] } as const;
  expect(unknowns({ ...found, session: undefined, outcome: silent })).toEqual([expect.stringContaining('serial port')]);
  expect(appliance({ ...found, session: undefined, outcome: silent })).toBeDefined();
});
