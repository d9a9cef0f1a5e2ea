// SPDX-License-Identifier: GPL-3.0-or-later
import type { Findings } from './explore.ts';

/** How the configuration names things. */
export interface Description {
  readonly name: string;
  /** how the configuration, in which paths may be relative, names a file */
  readonly pathOf: (absolute: string) => string;
  /** path of the schema for editors, relative to the configuration */
  readonly schema: string;
  /** whether the password comes from the variable ALPY_APPLIANCE_LOGIN_PASSWORD, and so is not written */
  readonly isPasswordSecret: boolean;
}

const lowFreeMiB = 64;
/** By what factor a boot may take longer than the one that was watched. */
const bootFactor = 3;
const defaultBootTimeoutMs = 120_000;

/** A configuration for what was found out. Pure. */
export function configText(findings: Findings, { name, pathOf, schema, isPasswordSecret }: Description): string {
  const { image, hardware, outcome, session, bootMs } = findings;
  const { firmware } = hardware;
  const { examined } = session ?? {};
  const memoryMiB =
    examined?.freeMiB !== undefined && examined.freeMiB < lowFreeMiB ? hardware.memoryMiB * 2 : hardware.memoryMiB;
  const bootTimeoutMs = enoughMs(bootMs);
  const lines = [
    `name: ${scalar(name)}`,
    ...(image === undefined ? [] : [`image: ${scalar(pathOf(image))} # relative to this file`]),
    `memoryMiB: ${memoryMiB}`,
    ...(hardware.machine === 'q35' ? [] : [`machine: ${hardware.machine}`]),
    ...(firmware === 'bios'
      ? []
      : [`firmware: ${typeof firmware === 'object' ? `{ file: ${scalar(pathOf(firmware.file))} }` : firmware}`]),
    ...(hardware.disk === 'virtio' || hardware.disk === undefined ? [] : [`disk: ${hardware.disk}`]),
    ...nicLines(findings),
    ...(bootTimeoutMs > defaultBootTimeoutMs ? [`bootTimeoutMs: ${bootTimeoutMs}`] : []),
    ...loginLines(findings, isPasswordSecret),
    ...(examined?.become === undefined ? [] : [`become: ${scalar(examined.become)} # ${session?.user ?? ''} is not root`]),
  ];
  const seen =
    outcome.kind === 'prompt' ? `its console stands at ${JSON.stringify(outcome.line.trim())}` : 'it came to no prompt';
  return [
    `# yaml-language-server: $schema=${schema}`,
    `# Written by alpy init --image: it has booted the image, and ${seen}. All keys: alpy schema`,
    'appliance:',
    ...lines.map((line) => `  ${line}`),
    'topology:',
    '  links: 2',
    '',
  ].join('\n');
}

function enoughMs(bootMs: number): number {
  return Math.ceil((bootMs * bootFactor) / 10_000) * 10_000;
}

function nicLines({ session }: Findings): readonly string[] {
  const [best] = session?.examined?.nics ?? [];
  return best === undefined || best === 'virtio-net-pci' ? [] : [`nic: ${best}`];
}

function loginLines({ session, outcome }: Findings, isPasswordSecret: boolean): readonly string[] {
  if (!session) {
    const ready = outcome.kind === 'prompt' ? ['ready:', `  - console: ${scalar(outcome.line.trim())}`] : [];
    return ['# login: { user: root, password: secret } # without it, alpy does not log in', ...ready];
  }
  const { user, password, otherShell, shellCommand } = session;
  const isPlain = password !== undefined && !isPasswordSecret;
  const prompt = outcome.kind === 'prompt' && outcome.prompt !== 'login' ? outcome.line : undefined;
  return [
    'login:',
    `  user: ${scalar(user)}`,
    ...(isPlain ? [`  password: ${scalar(password)} # or set the variable ALPY_APPLIANCE_LOGIN_PASSWORD`] : []),
    ...(shellCommand === undefined ? [] : [`  shellCommand: ${scalar(shellCommand)} # the log-in shell is not a POSIX shell`]),
    ...(otherShell === undefined ? [] : ['  shell: none # not a POSIX shell: tests use dut.console']),
    ...(otherShell === undefined || prompt === undefined ? [] : [`  shellPrompt: ${scalar(prompt)}`]),
  ];
}

/** A first test that passes with that configuration. Pure. */
export function testText({ session, outcome }: Findings): string {
  const system = session?.examined?.system;
  const body =
    system !== undefined
      ? `  const { output } = await dut.shell.run('uname -a');\n  expect(output).toContain(${literal(system)});`
      : consoleBody(outcome.kind === 'prompt' ? outcome.line.trim() : '');
  const [imports, title] =
    system === undefined
      ? ['test', 'the appliance boots to its prompt']
      : ['expect, test', 'the appliance boots and knows its name'];
  return `import { ${imports} } from 'alpy/test';\n\ntest('${title}', async ({ dut }) => {\n${body}\n});\n`;
}

/** The guest stands at its prompt when the test begins. */
function consoleBody(line: string): string {
  const wait = '{ timeoutMs: 60_000 }';
  if (line === '') return `  await dut.console.expect(/\\S/, ${wait}); // anything`;
  return `  await dut.console.sendLine();\n  await dut.console.expect(${literal(line)}, ${wait});`;
}

/** What could not be found out, as lines for people. Pure. */
export function unknowns({ session, outcome, hardware }: Findings): readonly string[] {
  if (outcome.kind === 'trouble')
    return [
      `how it boots: the last try ended with ${JSON.stringify(outcome.sign.line)}. Set firmware, disk or memoryMiB by hand`,
    ];
  if (outcome.kind === 'silent')
    return ['how to reach it: no prompt came on the serial port. Is it a console of the image (Linux: console=ttyS0)?'];
  if (!session)
    return [
      'the log-in: nobody said how. Use --user and --password, or write login',
      'which NIC it has a driver for, which takes a log-in',
    ];
  const { examined } = session;
  if (!examined) return ['which NIC it has a driver for, because there is no POSIX shell. If virtio-net-pci is not it, set nic'];
  return [
    ...(examined.nics.length > 0 ? [] : ['which NIC it has a driver for: it shows none of those that alpy offered. Set nic']),
    ...(examined.isRoot || examined.become !== undefined
      ? []
      : [`how ${session.user} becomes root without a password. Set become, or clockCommand and rebootCommand`]),
    ...(examined.freeMiB !== undefined && examined.freeMiB < lowFreeMiB
      ? [`how much memory it needs: of ${hardware.memoryMiB} MiB, ${examined.freeMiB} were free; the file has twice as much`]
      : []),
  ];
}

/** A value in YAML. */
function scalar(text: string): string {
  return /^[A-Za-z_./][A-Za-z0-9_./-]*$/.test(text) && !/^(?:true|false|yes|no|on|off|null)$/i.test(text)
    ? text
    : /[\p{C}]/u.test(text)
      ? JSON.stringify(text)
      : `'${text.replaceAll("'", "''")}'`;
}

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
