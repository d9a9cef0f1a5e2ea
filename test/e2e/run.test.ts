// SPDX-License-Identifier: GPL-3.0-or-later
// `alpy run` as a user calls it: another folder, no package.json, a real guest.
import { once } from 'node:events';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import Docker from 'dockerode';
import { XMLParser } from 'fast-xml-parser';
import { beforeAll, describe, expect, test } from 'vitest';
import { jobLabel, runLabel } from '../../src/docker/index.ts';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { Project, waitForLine } from '../support/cli.ts';
import { suiteId } from '../support/suite.ts';
import { rabbitImage } from '../support/testbeds.ts';

const docker = new Docker();

const rabbitYaml = `
appliance:
  name: rabbit
  image: ${rabbitImage}
  login: { user: root, password: rabbit, loginPrompt: 'rabbit login: ', shellPrompt: '/rabbit:.*# $/' }
`;
/** A silent guest, for tests that need none. */
const silentYaml = 'appliance: { image: blank.raw, memoryMiB: 64 }\ntopology: { links: 1 }\n';

async function containers(): Promise<readonly string[]> {
  const found = await docker.listContainers({ all: true, filters: { label: [`${jobLabel}=${suiteId()}`] } });
  return found.flatMap(({ Names }) => Names);
}

async function silentProject(files: Readonly<Record<string, string>>): Promise<Project> {
  const project = await Project.create({ 'alpy.yaml': silentYaml, ...files });
  await writeBlankDisk(project.path('blank.raw'));
  return project;
}

describe('tests in another folder', () => {
  let project: Project;
  let result: Awaited<ReturnType<Project['run']>>;

  beforeAll(async () => {
    project = await Project.create({
      'alpy.yaml': rabbitYaml,
      'tests/router.test.ts': `
import { describe, expect, test } from 'alpy/test';

describe('a router', () => {
  test('forwards IPv4', async ({ dut, nodes: [left, right] }) => {
    await dut.shell.run('ip address add 192.168.1.1/24 dev eth0 && ip link set eth0 up');
    await dut.shell.run('ip address add 192.168.2.1/24 dev eth1 && ip link set eth1 up');
    await dut.shell.run('sysctl -w net.ipv4.ip_forward=1');
    await left.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
    await right.configure({ address: '192.168.2.2/24', gateway: '192.168.2.1' });
    await expect(left).toReach('192.168.2.2');
    await expect(dut.links[1]).toHaveSeen('icmp.type == 8 && ip.src == 192.168.1.2');
  });

  test('forwards IPv4', async ({ dut, links, nodes: [left], step }) => {
    await step('Ask a router that is not configured', async () => {
      await left.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
      await dut.shell.run('printf "\\\\033[31mred\\\\033[0m \\\\001 ]]> <&\\\\n" >/dev/ttyS0');
      await expect(links[0]).toHaveSeen('arp && icmp', { timeoutMs: 500 });
    });
  });
});
`,
    });
    result = await project.run(['run', '--verbose']);
    return async () => {
      await project[Symbol.asyncDispose]();
    };
  });

  test('one passes and one fails: exit status 1, and the last line counts them', () => {
    expect(result.status).toBe(1);
    expect(result.stdout.trimEnd().split('\n').at(-1)).toBe('1 passed, 1 failed');
    expect(result.stdout).toContain('FAILED tests/router.test.ts > a router > forwards IPv4');
    expect(result.stdout).toContain('expected a frame on link0 to pass "arp && icmp"');
  });

  test('the start and the end of each step have their own lines', () => {
    expect(result.stderr).toMatch(/^INFO alpy\.qemu Set the testbed up > Start QEMU\.\.\.$/m);
    expect(result.stderr).toMatch(/^INFO alpy\.qemu Set the testbed up > Start QEMU\.\.\. done \(\d+\.\d\d s\)$/m);
    expect(result.stderr).toMatch(/^INFO test Ask a router that is not configured\.\.\. failed: expected a frame/m);
  });

  test('the same name twice gives two folders and two names in a valid JUnit file', async () => {
    const parsed = new XMLParser({ ignoreAttributes: false }).parse(
      await readFile(project.path('alpy-out/junit.xml'), 'utf8'),
    ) as {
      testsuites: { testsuite: { testcase: readonly Readonly<Record<string, unknown>>[] } };
    };
    const cases = parsed.testsuites.testsuite.testcase;
    expect(cases.map((one) => one['@_name'])).toEqual([
      'a router > forwards IPv4',
      expect.stringMatching(/^a router > forwards IPv4 .+/),
    ]);
    expect(cases.map((one) => one['@_file'])).toEqual(['tests/router.test.ts', 'tests/router.test.ts']);
    expect(cases.map((one) => 'failure' in one)).toEqual([false, true]);
    expect(cases[1]?.['system-out']).toContain('[[ATTACHMENT|alpy-out/tests/');
    expect(await readdir(project.path('alpy-out/tests'))).toEqual([
      'router-a-router-forwards-ipv4',
      'router-a-router-forwards-ipv4-2',
    ]);
  });

  test('captures and console logs are kept, and a picture of the screen of the failed test', async () => {
    const [passed, failed] = ['router-a-router-forwards-ipv4', 'router-a-router-forwards-ipv4-2'];
    const common = ['console.log', 'console.txt', 'debug.log', 'events.ndjson', 'link0.pcap', 'link1.pcap'];
    // the first one created the snapshot that both start from
    expect((await readdir(project.path('alpy-out/tests', passed))).sort()).toEqual(['boot', ...common]);
    expect(await readFile(project.path('alpy-out/tests', passed, 'boot/console.log'), 'utf8')).toContain('rabbit login: ');
    expect((await readdir(project.path('alpy-out/tests', failed))).sort()).toEqual([...common, 'screen.png']);
    expect(
      (await readFile(project.path('alpy-out/tests', failed, 'console.log'))).includes('\x1b[31mred\x1b[0m \x01 ]]> <&\r\n'),
    ).toBe(true);
    expect(await readFile(project.path('alpy-out/tests', failed, 'console.txt'), 'utf8')).toContain(
      '\\e[31mred\\e[0m \\x01 ]]> <&',
    );
    expect((await readFile(project.path('alpy-out/tests', failed, 'screen.png'))).subarray(1, 4).toString()).toBe('PNG');
    for (const link of ['link0.pcap', 'link1.pcap']) {
      expect((await stat(project.path('alpy-out/tests', passed, link))).size).toBeGreaterThan(24 + 98);
    }
  });

  test('the HTML report links to existing files', async () => {
    expect(result.stdout).toContain('report: alpy-out/report/index.html\n');
    const page = await readFile(project.path('alpy-out/report/index.html'), 'utf8');
    expect(page).toContain('1 passed, 1 failed');
    const targets = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, target]) => decodeURIComponent(target ?? ''));
    expect(targets.length).toBeGreaterThan(13);
    for (const target of targets) {
      if (target.startsWith('#')) expect(page).toContain(`id="${target.slice(1)}"`);
      else expect((await stat(project.path('alpy-out/report', target))).isFile()).toBe(true);
    }
  });

  test('run.json has the same results', async () => {
    const report = JSON.parse(await readFile(project.path('alpy-out/run.json'), 'utf8')) as Readonly<Record<string, unknown>>;
    expect(report).toMatchObject({
      schemaVersion: 1,
      exitStatus: 1,
      tests: [
        { fullName: 'a router > forwards IPv4', status: 'passed', errors: [] },
        { status: 'failed', errors: [{ message: expect.stringContaining('expected a frame on link0') as string }] },
      ],
    });
  });

  test('no container is left', async () => {
    expect(await containers()).toEqual([]);
  });
});

describe('a run that is stopped', () => {
  const endless = {
    'tests/endless.test.ts': `
import { test } from 'alpy/test';
test('waits for a guest that never speaks', async ({ dut, links, signal, step }) => {
  await links[0].capture.count(); // starts the decoder, too
  await step('Wait', () => dut.console.expect('never', { timeoutMs: 600_000, signal }));
});
`,
  };

  test.each([
    { signal: 'SIGINT', status: 130 },
    { signal: 'SIGTERM', status: 143 },
  ] as const)('by $signal ends cleanly with status $status and reports', async ({ signal, status }) => {
    await using project = await silentProject(endless);
    const child = project.start(['run', '--verbose']);
    await waitForLine(child, /INFO test Wait\.\.\.$/);
    expect(await containers()).not.toEqual([]);
    const exited = once(child, 'exit');
    child.kill(signal);
    expect(await exited).toEqual([status, null]);
    expect(await containers()).toEqual([]);
    expect(await readFile(project.path('alpy-out/junit.xml'), 'utf8')).toContain('waits for a guest that never speaks');
    expect((await readdir(project.path('alpy-out/tests', 'endless-waits-for-a-guest-that-never-speaks'))).sort()).toContain(
      'link0.pcap',
    );
  });

  test('ends all concurrent tests of a file cleanly', async () => {
    const both = endless['tests/endless.test.ts'].replace(/^test\([^]*/m, (one) => one + one.replace('never', 'ever'));
    await using project = await silentProject({ 'tests/endless.test.ts': both });
    const child = project.start(['run', '--verbose', '--concurrent', '--workers', '2']);
    const names = ['never', 'ever'];
    const waits = names.map(
      (name) => new RegExp(`^\\[endless-waits-for-a-guest-that-${name}-speaks\\] INFO test Wait\\.\\.\\.$`),
    );
    await Promise.all(waits.map((wait) => waitForLine(child, wait)));
    const exited = once(child, 'exit');
    child.kill('SIGINT');
    expect(await exited).toEqual([130, null]);
    expect(await containers()).toEqual([]);
    const junit = await readFile(project.path('alpy-out/junit.xml'), 'utf8');
    for (const name of names) expect(junit).toContain(`waits for a guest that ${name} speaks`);
  });

  test('by SIGKILL leaves nothing of its testbed after a few seconds', async () => {
    await using project = await silentProject(endless);
    const child = project.start(['run', '--verbose']);
    await waitForLine(child, /INFO test Wait\.\.\.$/);
    const runId = /alpy-([0-9a-f]+)-/.exec((await containers()).join())?.[1];
    const gone = await docker.getEvents({
      filters: { event: ['destroy'], label: [`${runLabel}=${String(runId)}`] },
    });
    const before = (await containers()).length;
    expect(before).toBe(4); // lifeline, QEMU, node, decoder
    const killed = performance.now();
    child.kill('SIGKILL');
    let count = 0;
    for await (const chunk of gone) {
      count += chunk.toString().trim().split('\n').length;
      if (count >= before) break;
    }
    expect(performance.now() - killed).toBeLessThan(30_000); // the goal is 5 s; a busy machine gets more
    expect(await containers()).toEqual([]);
  });
});

describe('a run that fails:', () => {
  const passing = {
    'tests/a.test.ts':
      "import { test } from 'alpy/test';\ntest('a', ({ nodes }) => { if (nodes.length !== 1) throw new Error('?'); });\n",
  };

  test('a test name without a match: status 2, and nothing is left', async () => {
    await using project = await silentProject(passing);
    const result = await project.run(['run', '--test-name', 'no such test']);
    expect(await containers()).toEqual([]);
    expect(result).toMatchObject({ status: 2, stderr: expect.stringMatching(/no such test.*\(ALPY_USAGE\)\n$/) as string });
  });

  test('a filter that matches nothing: status 2', async () => {
    await using project = await silentProject(passing);
    const { status, stderr } = await project.run(['run', 'nope']);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: `alpy: found no test that matches "nope" among tests/**/*.test.ts, *.test.ts in ${project.directory} (ALPY_USAGE)\n`,
    });
  });

  test('a configuration with several errors: status 2, and all errors', async () => {
    await using project = await Project.create({
      'alpy.yaml': 'appliance: { image: a.qcow2, memoryMB: 5, nic: ne2000 }\ntopology: { links: 33 }\n',
    });
    const { status, stderr } = await project.run(['run']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/memoryMB/);
    expect(stderr).toMatch(/appliance\.nic/);
    expect(stderr).toMatch(/topology\.links/);
  });

  test('no daemon: status 3, and what to do', async () => {
    await using project = await silentProject(passing);
    const { status, stderr } = await project.run(['run'], { DOCKER_HOST: 'unix:///nowhere/docker.sock' });
    expect(status).toBe(3);
    expect(stderr).toMatch(/^alpy: .*\/nowhere\/docker\.sock: .*DOCKER_HOST.* \(ALPY_DAEMON\)\n$/);
    const doctor = await project.run(['doctor'], { DOCKER_HOST: 'unix:///nowhere/docker.sock' });
    expect(doctor.status).toBe(3);
    expect(doctor.stdout).toMatch(/^FAIL docker: .*\/nowhere\/docker\.sock/);
  });

  test('a missing container image: status 3, and where its location came from', async () => {
    await using project = await silentProject(passing);
    const { status, stderr } = await project.run(['run'], { ALPY_IMAGE_QEMU: 'example.invalid/qemu:1' });
    expect(status).toBe(3);
    expect(stderr).toMatch(/example\.invalid\/qemu:1.*ALPY_IMAGE_QEMU/s);
    const doctor = await project.run(['doctor', '--json'], { ALPY_IMAGE_QEMU: 'example.invalid/qemu:1' });
    expect(doctor.status).toBe(3);
    expect(JSON.parse(doctor.stdout)).toMatchObject({ canRun: false });
  });

  test('a missing disk image: status 3', async () => {
    await using project = await Project.create({ 'alpy.yaml': 'appliance: { image: none.qcow2 }\n', ...passing });
    const { status, stderr } = await project.run(['run']);
    expect(status).toBe(3);
    expect(stderr).toMatch(/none\.qcow2: .* \(ALPY_DISK_IMAGE\)\n$/);
  });

  test('a guest that does not boot: status 3, and <error> in JUnit', async () => {
    await using project = await silentProject({
      ...passing,
      'alpy.yaml': silentYaml.replace(
        'memoryMiB: 64',
        "memoryMiB: 64, bootTimeoutMs: 200, login: { user: root, shellPrompt: '# ' }",
      ),
    });
    const { status, stdout } = await project.run(['run']);
    expect(status).toBe(3);
    expect(stdout).toMatch(/ERROR tests\/a\.test\.ts > a .*\n +dut did not boot: serial console: waited [\d.]+ m?s for a login/);
    expect(await readFile(project.path('alpy-out/junit.xml'), 'utf8')).toMatch(/<error message="dut did not boot/);
  });

  test('a test file with a syntax error: status 1, and <error> in JUnit', async () => {
    await using project = await silentProject({ 'tests/broken.test.ts': "import { test } from 'alpy/test';\ntest('a', (\n" });
    const { status, stdout } = await project.run(['run']);
    expect(await containers()).toEqual([]);
    expect(status).toBe(1);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('0 passed, 1 failed');
    expect(await readFile(project.path('alpy-out/junit.xml'), 'utf8')).toContain('<error');
  });
});

test('a test whose process is killed: status 3, an error of that test, and no container is left', async () => {
  const dying = "import { test } from 'alpy/test';\ntest('dies', ({ nodes }) => { process.kill(process.pid, 'SIGKILL'); });\n";
  await using project = await silentProject({ 'tests/dying.test.ts': dying });
  const { status, stdout } = await project.run(['run']);
  expect(await containers()).toEqual([]);
  expect({ status, last: stdout.trimEnd().split('\n').at(-1) }, stdout).toEqual({ status: 3, last: '0 passed, 1 failed' });
  expect(stdout).toMatch(/ERROR tests\/dying\.test\.ts > dies .*\n.*SIGKILL/);
});

test('alpy init writes a project that runs, and overwrites nothing', async () => {
  await using project = await Project.create({});
  expect((await project.run(['init'])).status).toBe(0);
  const again = await project.run(['init']);
  expect(again).toMatchObject({ status: 2, stderr: expect.stringMatching(/alpy\.yaml.* \(ALPY_USAGE\)\n$/) as string });
  const { status, stdout } = await project.run(['run'], {
    ALPY_APPLIANCE_IMAGE: rabbitImage,
    ALPY_APPLIANCE_LOGIN_PASSWORD: 'rabbit',
  });
  expect({ status, last: stdout.trimEnd().split('\n').at(-1) }).toEqual({ status: 0, last: '1 passed, 0 failed' });
  await rm(project.path('alpy.yaml'));
  await rm(project.path('tests'), { recursive: true });
  const beside = await project.run(['init']);
  expect([beside.status, beside.stdout]).toEqual([
    0,
    expect.stringContaining('.gitlab-ci.yml already exists. To run the tests in it, add:'),
  ]);
});

test('concurrent tests of one file run at once, up to the number of workers', async () => {
  await using project = await silentProject({
    'tests/together.test.ts': `
import { expect, test } from 'alpy/test';
let running = 0;
let most = 0;
const met = Promise.withResolvers();
for (const name of ['a', 'b', 'c', 'd'])
  test(name, async ({ nodes }) => {
    running += 1;
    most = Math.max(most, running);
    if (running === 2) met.resolve();
    setTimeout(() => met.reject(new Error('nobody came')), 30_000).unref();
    await met.promise;
    running -= 1;
  });
test('alone', { concurrent: false }, ({ nodes }) => {
  expect({ running, most }).toEqual({ running: 0, most: 2 });
});
`,
  });
  const { status, stdout } = await project.run(['run', '--concurrent', '--workers', '2']);
  expect({ status, last: stdout.trimEnd().split('\n').at(-1) }, stdout).toEqual({ status: 0, last: '5 passed, 0 failed' });
  expect(await containers()).toEqual([]);
});

test('a project with alpy.config.ts whose test files run side by side', async () => {
  const body = (n: number): string =>
    `import { expect, test } from 'alpy/test';\ntest('has ${n} links', ({ nodes }) => { expect(nodes).toHaveLength(${n}); });\ntest.override('topology', { links: ${n} });\n`;
  await using project = await Project.create({
    'alpy.config.ts':
      "import { defineConfig } from 'alpy';\nexport default defineConfig({ appliance: { image: 'blank.raw', memoryMiB: 64 }, workers: 3 });\n",
    'tests/a.test.ts': body(0),
    'tests/b.test.ts': body(1),
    'tests/c.test.ts': body(2),
  });
  await writeBlankDisk(project.path('blank.raw'));
  const { status, stdout, stderr } = await project.run(['run', '--verbose']);
  expect({ status, last: stdout.trimEnd().split('\n').at(-1) }, stdout).toEqual({ status: 0, last: '3 passed, 0 failed' });
  for (const directory of ['a-has-0-links', 'b-has-1-links', 'c-has-2-links']) {
    expect(stderr).toMatch(new RegExp(`^\\[${directory}\\] INFO alpy\\.testbed Set the testbed up\\.\\.\\. done`, 'm'));
  }
  const doctor = await project.run(['doctor']);
  expect(doctor).toMatchObject({ status: 0, stdout: expect.stringMatching(/^ok {3}docker: .*\nalpy can run here\n/s) as string });
});
