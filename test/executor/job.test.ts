// SPDX-License-Identifier: GPL-3.0-or-later
// GitLab jobs with a testbed, run through the contract of the custom executor.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { expect, test } from 'vitest';
import type { RunningJob } from '../support/contract-runner.ts';
import { decodeFile } from '../support/decode-file.ts';
import { rabbitLogin, useExecutorHost } from '../support/executor-host.ts';
import { makeRepository } from '../support/runner/repository.ts';
import { TestHost, rabbitImage } from '../support/testbeds.ts';

const host = useExecutorHost();
const testbedFiles = 'alpy-out/testbed';

test('a shell script pings the device and uses its console; captures and logs become artifacts', async () => {
  const job = await host().start({
    variables: { ALPY_APPLIANCE: 'rabbit' },
    script: [
      'alpy configure node0 --address 10.0.0.2/24',
      "alpy console run 'ip addr add 10.0.0.1/24 dev eth0; ip link set eth0 up; ip link set eth1 up'",
      'ping -c 2 -i 0.2 -W 5 10.0.0.1',
      'alpy console send "echo so-\\$((40 + 2))"',
      'alpy console expect so-42',
      'alpy exec node1 -- hostname >node1.txt',
      'alpy capture link0 icmp --count',
      'alpy link link1 down',
      'until alpy console run "ip link show eth1" | grep NO-CARRIER; do sleep 0.1; done',
      'alpy link link1 up',
      'until alpy console run "ip link show eth1" | grep LOWER_UP; do sleep 0.1; done',
      'echo "$ALPY_DUT $ALPY_NODE $ALPY_LINKS $CI_JOB_STATUS" >facts.txt',
    ],
    afterScript: ['echo "after: $CI_JOB_STATUS"'],
    artifacts: { paths: ['*.txt', 'alpy-out/**/*'] },
  });
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'success', attempts: 1 });
  expect(result.calls.map(({ name, status }) => `${name} ${status}`)).toEqual([
    'config 0',
    'prepare 0',
    'prepare_script 0',
    'get_sources 0',
    'build_script 0',
    'after_script 0',
    'upload_artifacts_on_success 0',
    'cleanup_file_variables 0',
    'cleanup 0',
  ]);
  expect(result.log).toMatch(/^2 packets transmitted, 2 received, 0% packet loss/m);
  expect(result.log).toMatch(/^4$/m); // two requests, two replies
  expect(result.log).toMatch(/^after: success$/m);
  const artifacts = await host().artifacts(job);
  expect(artifacts.filter((path) => !path.startsWith('alpy-out/testbed/boot/'))).toEqual([
    ...['console.log', 'console.txt', 'debug.log', 'events.ndjson', 'link0.pcap', 'link1.pcap'].map(
      (name) => `${testbedFiles}/${name}`,
    ),
    'facts.txt',
    'node1.txt',
  ]);
  expect(await host().readArtifact(job, 'facts.txt')).toBe('rabbit node0 2 running\n');
  expect(await host().readArtifact(job, `${testbedFiles}/console.log`)).toContain('so-42');
  await using testHost = await TestHost.open();
  const path = host().artifact(job, `${testbedFiles}/link0.pcap`);
  // a busy machine may send the second request before it gets the first reply
  for (const number of [1, 2])
    expect(await decodeFile(testHost, path, `icmp.seq == ${number}`, ['ip.src', 'ip.dst', 'icmp.type'])).toEqual([
      ['10.0.0.2', '10.0.0.1', '8'],
      ['10.0.0.1', '10.0.0.2', '0'],
    ]);
  expect(await decodeFile(testHost, path, 'icmp', ['icmp.seq'])).toHaveLength(4);
});

const routers = stringify({
  appliances: { router: { image: rabbitImage, login: rabbitLogin } },
  topology: {
    duts: { left: 'router', right: 'router' },
    nodes: { client: {}, server: {} },
    links: [['client', 'left:0'], { ends: ['left:1', 'right:1'], name: 'between' }, ['right:0', 'server']],
  },
});

/** Configures a router: its addresses, and the way to the network of the other one. */
function setUpRouter(name: string, number: number): readonly string[] {
  const other = 3 - number;
  return [
    `alpy console ${name} run "ip addr add 10.0.${number}.1/24 dev eth0; ip addr add 10.0.9.${number}/24 dev eth1"`,
    `alpy console ${name} run "ip link set eth0 up; ip link set eth1 up; echo 1 >/proc/sys/net/ipv4/ip_forward"`,
    `alpy console ${name} run "ip route add 10.0.${other}.0/24 via 10.0.9.${other}"`,
  ];
}

test('the job reaches a service on a named node through two devices; each link has a capture with its name', async () => {
  const repository = await makeRepository(join(host().directory, 'routers'), {
    'lab/two.yaml': routers,
    'names.sh': 'for device in left right; do alpy console $device run "uname -n"; done >names.txt\n',
  });
  const job = await host().start({
    repository,
    variables: { ALPY_TOPOLOGY: 'lab/two.yaml' },
    services: [
      {
        name: 'alpy/traffic:latest',
        alias: 'web',
        command: ['busybox', 'httpd', '-f', '-p', '8080', '-h', '/etc'],
        variables: [{ key: 'ALPY_NODE', value: 'server' }],
      },
    ],
    script: [
      'alpy status | grep -A 1 services',
      'alpy configure client --address 10.0.1.2/24 --gateway 10.0.1.1',
      'alpy configure server --address 10.0.2.2/24 --gateway 10.0.2.1',
      ...setUpRouter('left', 1),
      ...setUpRouter('right', 2),
      'ping -c 2 -i 0.2 -W 5 10.0.2.2',
      'curl -sS --fail --max-time 20 http://10.0.2.2:8080/debian_version >version.txt',
      'alpy exec web -- cat /etc/debian_version | cmp - version.txt',
      'alpy capture between "http.response.code == 200" --count',
      'sh -e names.sh',
      'git status --short || true',
      'echo "$ALPY_TOPOLOGY_JSON" >topology.json',
    ],
    artifacts: { paths: ['topology.json', 'names.txt', 'alpy-out/testbed/*'] },
  });
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'success', attempts: 1 });
  const { output } = result.calls.find(({ name }) => name === 'prepare') ?? { output: '' };
  expect(output).toContain('the testbed will be created after the checkout');
  expect(await host().readArtifact(job, 'names.txt')).toBe('rabbit\nrabbit\n');
  expect(result.log).toMatch(/^ {2}"services": \[\r?\n {4}"web"/m);
  expect(result.log).toMatch(/^1$/m);
  const described = JSON.parse(await host().readArtifact(job, 'topology.json')) as { links: readonly { capture: string }[] };
  const captures = described.links.map(({ capture }) => `${testbedFiles}/${capture}`);
  expect(captures).toEqual(['client--left.0', 'between', 'right.0--server'].map((name) => `${testbedFiles}/${name}.pcap`));
  expect(await host().artifacts(job)).toEqual(
    expect.arrayContaining([...captures, `${testbedFiles}/console-left.log`, `${testbedFiles}/console-right.log`]),
  );
  await using testHost = await TestHost.open();
  for (const path of captures)
    expect(await decodeFile(testHost, host().artifact(job, path), 'icmp.type == 8 && icmp.seq <= 2', ['ip.dst'])).toEqual([
      ['10.0.2.2'],
      ['10.0.2.2'],
    ]);
});

test('two jobs that run at the same time do not see or disturb each other', async () => {
  const start = (name: string, address: string): Promise<RunningJob> =>
    host().start({
      variables: { ALPY_APPLIANCE: 'rabbit' },
      script: [
        `alpy console run "hostname ${name}"`,
        `alpy configure node1 --address ${address}/24`,
        `echo ${name} >mine.txt`,
        'echo here',
        'until [ -e go ]; do sleep 0.1; done',
        'ls "$CI_BUILDS_DIR/.." /alpy/calls >seen.txt',
        'alpy console run hostname >name.txt',
        'alpy exec node1 -- ip -4 -brief address show scope global >address.txt',
      ],
      artifacts: { paths: ['*.txt', 'alpy-out/testbed/console.log'] },
    });
  const jobs = [await start('hare', '10.7.0.2'), await start('stag', '10.8.0.2')] as const;
  await Promise.all(jobs.map((job) => job.printed(/^here$/m)));
  for (const { payload } of jobs) await writeFile(join(await host().folderOf(payload, 'builds'), 'group/project/go'), '');
  for (const result of await Promise.all(jobs.map((job) => job.result)))
    expect(result, result.log).toMatchObject({ status: 'success' });
  const read = (path: string): Promise<readonly string[]> => Promise.all(jobs.map((job) => host().readArtifact(job, path)));
  expect(await read('mine.txt')).toEqual(['hare\n', 'stag\n']);
  expect(await read('name.txt')).toEqual(['hare\n', 'stag\n']);
  expect(await read('address.txt')).toEqual([expect.stringContaining('10.7.0.2'), expect.stringContaining('10.8.0.2')]);
  expect((await read('address.txt')).map((text) => text.trim().split('\n').length)).toEqual([1, 1]);
  const [seenByHare, seenByStag] = await read('seen.txt');
  const [hare, stag] = jobs.map(({ payload }) => String(payload.id));
  expect(seenByHare).toContain(`${String(hare)}-`);
  expect(seenByHare).not.toContain(`${String(stag)}-`);
  expect(seenByStag).not.toContain(`${String(hare)}-`);
  const [consoleOfHare, consoleOfStag] = await read('alpy-out/testbed/console.log');
  expect(consoleOfHare).toContain('hostname hare');
  expect(consoleOfHare).not.toContain('stag');
  expect(consoleOfStag).not.toContain('hare');
});

test("an unknown sub-stage runs in the job's container", async () => {
  const job = await host().start({
    variables: { ALPY_APPLIANCE: 'silent' },
    script: ['echo one >steps.txt'],
    steps: { release: ['alpy status | grep -c silent', 'echo "two $ALPY_DUT" >>steps.txt'] },
    artifacts: { paths: ['steps.txt'] },
  });
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'success' });
  expect(result.calls.map(({ name }) => name)).toContain('step_release');
  expect(await host().readArtifact(job, 'steps.txt')).toBe('one\ntwo silent\n');
});
