// SPDX-License-Identifier: GPL-3.0-or-later
// Reports with the amounts of data that real runs have: 25 steps per test, as in Rabbit's tests, and the logs of a rate test in each tenth.
import type { ErrorReport, RunReport, StepReport, TestReport, TestStatus } from '../../src/report/model.ts';

const subjects = ['forwarding', 'dhcp', 'nat', 'firewall', 'vlan', 'vrrp', 'vpn', 'upgrade', 'rate', 'console'];

const errorsAt = (file: string): readonly ErrorReport[] => [
  {
    name: 'AssertionError',
    message: 'expected a ping from node0 to 192.168.2.9 to be answered within 2 s, got no answer',
    code: 'ALPY_NOT_REACHED',
    fault: 'device',
    place: { file, line: 12, column: 22 },
    stack: `    at forwards (lib/network.ts:41:11)\n    at ${file}:12:22`,
    codeFrame: [
      '  10 |   await left.configure({ address: "192.168.1.2/24", gateway: "192.168.1.1" });',
      '  11 |   await right.configure({ address: "192.168.2.2/24", gateway: "192.168.2.1" });',
      '> 12 |   await expect(left).toReach("192.168.2.9");',
      '     |                      ^',
      '  13 | });',
    ].join('\n'),
    details: [
      { title: 'Last lines of the console', lines: ['[   12.345678] eth1: link becomes ready', 'rabbit login: root', '# '] },
      {
        title: 'Nearest frames on link1',
        lines: ['#3 ARP who has 192.168.2.9? tell 192.168.2.1: no ICMP', '#4 ICMP echo request: ip.dst was 192.168.2.2'],
      },
    ],
  },
  {
    name: 'AssertionError',
    message: 'expected at least 900 Mbit/s, got 412 Mbit/s',
    fault: 'device',
    place: { file, line: 31, column: 16 },
    codeFrame:
      '  30 |   const { bitsPerSecond } = await measure(left, right);\n> 31 |   expect(bitsPerSecond).toBeGreaterThan(900e6);\n     |                         ^',
    expected: '900000000',
    actual: '412345678',
    diff: '- Expected: 900000000\n+ Received: 412345678',
  },
  {
    name: 'AppError',
    message: 'the app "server" exited unexpectedly with status 1',
    code: 'ALPY_APP_EXITED',
    fault: 'environment',
    place: { file, line: 8, column: 3 },
    details: [
      { title: 'Last lines of server', lines: ['dnsmasq: failed to create listening socket for port 67: Address in use'] },
    ],
  },
];

const consequence: ErrorReport = {
  name: 'DaemonError',
  message: 'the clean-up could not wait for the app "client": the testbed was gone',
  code: 'ALPY_CLEANUP',
  fault: 'environment',
  isConsequence: true,
};

/** How many of the generated tests end how; the others pass. */
export interface Amounts {
  readonly tests: number;
  readonly failed: number;
  readonly flaky?: number;
  readonly skipped?: number;
}

/** The report of a run with generated tests: ten files, all statuses, errors of several kinds. */
export function generatedReport({ tests: total, failed, flaky = 0, skipped = 0 }: Amounts): RunReport {
  const stride = Math.max(1, Math.floor(total / Math.max(1, failed + flaky + skipped)));
  const tests = Array.from({ length: total }, (_, index) => {
    const special = index % stride === 0 ? Math.floor(index / stride) : Infinity;
    const failedStatus = special % 3 === 2 ? 'error' : 'failed';
    if (special < failed) return generatedTest(index, failedStatus, special);
    if (special < failed + flaky) return generatedTest(index, 'flaky', special);
    return generatedTest(index, special < failed + flaky + skipped ? 'skipped' : 'passed', 0);
  });
  const hasFailed = failed > 0;
  return {
    alpyVersion: '1.2.3',
    startedAt: '2026-11-24T01:02:03.000Z',
    durationMs: total * 1700,
    environment: {
      docker: '20.10.24 at /var/run/docker.sock',
      accel: 'kvm',
      appliance: 'rabbit.qcow2',
      workers: '6 (8 cores, 23349 MiB available)',
    },
    tests,
    errors: [],
    exitStatus: hasFailed ? 1 : 0,
  };
}

function generatedTest(index: number, status: TestStatus, errorIndex: number): TestReport {
  const subject = subjects[index % subjects.length]!;
  const name = `${subject} works in case ${index}`;
  const directory = `tests/${subject}-${index}`;
  const isSkipped = status === 'skipped';
  const file = `tests/${subject}.test.ts`;
  const error = errorsAt(file)[errorIndex % 3]!;
  const hasErrors = status !== 'passed' && !isSkipped;
  const screen = hasErrors ? ['screen.png'] : [];
  const files = ['console.log', 'console.txt', 'debug.log', 'events.ndjson', 'link0.pcap', 'link1.pcap', ...screen];
  return {
    id: String(index),
    name,
    fullName: `${subject} > ${name}`,
    file,
    line: 5 + index,
    status,
    durationMs: isSkipped ? 0 : 1200 + (index % 7) * 150,
    errors: hasErrors ? [error, ...(error.fault === 'environment' ? [consequence] : [])] : [],
    ...(status === 'flaky' ? { attempts: 2 } : {}),
    directory,
    artifacts: isSkipped ? [] : files.map((file) => `${directory}/${file}`),
    steps: isSkipped ? [] : generatedSteps(index, hasErrors ? error.message : undefined),
    ...(isSkipped ? { skipReason: 'needs KVM' } : {}),
  };
}

function generatedSteps(index: number, error: string | undefined): readonly StepReport[] {
  const log =
    index % 10 === 8 ? Array.from({ length: 195 }, (_, n) => `[  5] ${n}.00-${n + 1}.00 sec  119 KBytes  975 Kbits/sec`) : [];
  const setUp = [
    'Start the lifeline',
    'Start QEMU',
    'Start node0',
    'Start node1',
    'Load the snapshot',
    'Connect node0',
    'Connect node1',
  ];
  const act = [
    'Start the virtual CPU of rabbit',
    'Set the clock',
    "Run set -e; printf '%s\\n' 'address replace 192.168.1.1/24 dev eth0' 'link set eth0 up' | ip -batch -",
    'Run sysctl -q -w net.ipv4.ip_forward=1',
    'Configure node0',
    'Configure node1',
    'Ping 192.168.2.2 from node0',
    'Wait for icmp.type == 8 && ip.src == 192.168.1.2 && ip.dst == 192.168.2.2 && ip.ttl == 64 on link0',
    'Start the decoder',
    'Wait for icmp.type == 8 && ip.src == 192.168.1.2 && ip.dst == 192.168.2.2 && ip.ttl == 63 on link1',
    'Wait for icmp.type == 0 && ip.src == 192.168.2.2 on link1',
    'Read link1 for arp.src.proto_ipv4 == 192.168.1.2',
  ];
  return [
    generatedStep('Wait for room for the testbed', 5),
    generatedStep('Set the testbed up', 620, {
      category: 'testbed.setup',
      children: setUp.map((title, n) => generatedStep(title, 40 + 30 * n)),
    }),
    generatedStep('Resume rabbit', 9),
    ...act.map((title, n) => generatedStep(title, 10 + 20 * n, n === 6 ? { log } : {})),
    ...(error === undefined ? [] : [generatedStep('Ping 192.168.2.9 from node0', 2000, { error })]),
    generatedStep('Tear the testbed down', 100, { category: 'testbed.teardown' }),
  ];
}

function generatedStep(title: string, durationMs: number, difference: Partial<StepReport> = {}): StepReport {
  return {
    source: 'alpy.testbed',
    category: 'step',
    title,
    timeMs: 1_795_000_000_000,
    durationMs,
    log: [],
    children: [],
    ...difference,
  };
}
