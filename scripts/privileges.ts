// SPDX-License-Identifier: GPL-3.0-or-later
// What each kind of container may do. docs/security.md shows it, and test/integration/privileges.test.ts compares it with live containers.

/** What one kind of container may do. */
export interface Privileges {
  /** user and group; empty for that of the image, which is root in alpy's images */
  readonly user: string;
  readonly capabilities: readonly string[];
  readonly devices: readonly string[];
  /** `writable`, or the folders in memory with their sizes in MiB */
  readonly root: 'writable' | Readonly<Record<string, number>>;
  /** in MiB */
  readonly memory: number;
  readonly pids: number;
  /** the largest file that it may write, in MiB; absent for no limit */
  readonly fileSize?: number;
  /** folders and files of the daemon's machine, each with `ro` or `rw` */
  readonly mounts: readonly string[];
  /** whose network namespace: `own` has no interface but the loopback */
  readonly network: 'own' | "the host's" | 'a Docker network' | "the lifeline's" | "a node's";
  /** whose PID namespace */
  readonly processes: 'own' | "the lifeline's";
  /** why it needs what it has */
  readonly reason: string;
}

const network = [
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'NET_ADMIN', 'NET_BIND_SERVICE', 'NET_RAW'],
  ...['SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
];

/** A small program of alpy that sees nothing and writes nothing. */
const helper = {
  user: '',
  capabilities: [],
  devices: [],
  root: {},
  memory: 64,
  pids: 32,
  mounts: [],
  network: 'own',
  processes: 'own',
} as const;

/** A server of a node that alpy starts. */
const ofService = {
  ...helper,
  root: { '/tmp': 64, '/run': 64, '/var/tmp': 64 },
  memory: 128,
  fileSize: 128,
  mounts: ['/etc/hosts rw'],
  network: "a node's",
  processes: "the lifeline's",
} as const;

/** By kind of container. */
export const privileges: Readonly<Record<string, Privileges>> = {
  lifeline: {
    ...helper,
    capabilities: ['KILL', 'NET_ADMIN'],
    devices: ['/dev/net/tun'],
    pids: 64,
    reason: "creates QEMU's taps, moves them to nodes, and ends nodes and apps of any user",
  },
  qemu: {
    ...helper,
    user: '65525:65525',
    devices: ['/dev/net/tun'],
    memory: 2112,
    pids: 1024,
    mounts: ['files of the disk image ro', 'captures and sockets rw', '/var/tmp, a volume, rw'],
    network: "the lifeline's",
    reason:
      'QEMU opens its taps and, with KVM, `/dev/kvm`; memory is that of the guest (here 64 MiB), of [`qemuArgs`](#limits), and 2048 MiB. `qemu@links` joins nodes on links without a device, and sees only captures',
  },
  node: {
    ...helper,
    capabilities: network,
    root: { '/tmp': 64, '/run': 16, '/var/tmp': 16 },
    memory: 256,
    pids: 512,
    fileSize: 64,
    mounts: ['/etc/hosts rw'],
    processes: "the lifeline's",
    reason: 'runs commands of tests, such as `ip` and `ping`; tests may add to its hosts file',
  },
  sysctls: {
    ...helper,
    network: "a node's",
    reason:
      '`node.configure` with `sysctls`: the daemon makes the settings in the namespace of the node; its program does nothing',
  },
  guest: {
    ...helper,
    capabilities: ['NET_ADMIN', 'SETGID', 'SETPCAP', 'SETUID'],
    devices: ['/dev/net/tun'],
    root: { '/run': 16, '/var/tmp': 16 },
    memory: 512,
    pids: 64,
    processes: "the lifeline's",
    reason:
      'a node of kind `guest`: creates taps and joins them to the interfaces, then runs QEMU as 65525:65525 without any capability; with KVM, it opens `/dev/kvm`',
  },
  app: {
    ...helper,
    capabilities: network,
    root: { '/tmp': 256, '/run': 64, '/var/tmp': 64 },
    memory: 512,
    pids: 512,
    fileSize: 512,
    mounts: ['/etc/hosts rw', 'each of its `files` ro'],
    network: "a node's",
    processes: "the lifeline's",
    reason: 'runs a program from any image; a test may ask for more',
  },
  uplink: {
    ...helper,
    user: '65525:65525',
    memory: 256,
    mounts: ['/var/tmp, a volume, rw'],
    network: 'a Docker network',
    reason: '[uplink](#uplinks) of a node: runs the router that leads to the outside',
  },
  'uplink-tap': {
    ...helper,
    user: '65525:65525',
    devices: ['/dev/net/tun'],
    memory: 256,
    pids: 1024,
    mounts: ['/var/tmp of `uplink` rw'],
    network: "the lifeline's",
    reason: 'passes frames between a tap and the router of an uplink',
  },
  service: {
    ...ofService,
    user: '65534:65534',
    mounts: ['/etc/hosts rw', 'each of its `files`, or its `root`, ro'],
    reason: 'a server of a node: DNS, HTTP, TFTP, syslog, RADIUS. One with a `root` runs as the owner of that folder',
  },
  dhcp: {
    ...ofService,
    user: '0:0',
    capabilities: ['NET_ADMIN', 'NET_RAW'],
    reason: 'a DHCP server reaches a client that has no address yet only through the table of neighbours',
  },
  ntp: {
    ...ofService,
    user: '0:0',
    capabilities: ['NET_RAW'],
    reason: 'an NTP server, and tcpdump, which shows its clients',
  },
  job: {
    ...helper,
    capabilities: network,
    root: 'writable',
    memory: 2048,
    pids: 2048,
    mounts: ['/etc/hosts rw', 'builds of the job rw', '/alpy ro', '/alpy/calls rw'],
    network: "a node's",
    reason: "runs a job's scripts, which install and build; the settings of the executor limit it",
  },
  decoder: {
    ...helper,
    root: { '/tmp': 1 },
    memory: 1024,
    mounts: ['folder of the tests ro'],
    reason: 'sharkd parses frames that the guest sent; a capture of a million frames takes 330 MiB',
  },
  'disk-probe': {
    ...helper,
    capabilities: ['DAC_OVERRIDE'],
    root: { '/tmp': 1 },
    memory: 256,
    mounts: ['folder of the disk image ro'],
    reason: 'qemu-img checks a disk image, which may be readable for its owner only',
  },
  'disk-unpack': {
    ...helper,
    user: '65534:65534',
    memory: 256,
    reason: 'decompresses a disk image that it gets on its standard input',
  },
  'file-probe': {
    ...helper,
    capabilities: ['DAC_OVERRIDE'],
    mounts: ['folder of the tests ro'],
    reason: 'finds out whether containers see files of this machine; the folder may be open to its owner only',
  },
  'kvm-probe': {
    ...helper,
    devices: ['/dev/kvm'],
    memory: 512,
    reason: 'boots a kernel in 128 MiB to check KVM; often only root may open the device',
  },
  'tun-probe': {
    ...helper,
    capabilities: ['NET_ADMIN'],
    devices: ['/dev/net/tun'],
    reason: '`alpy doctor` creates a tap in it',
  },
  'feature-probe': {
    ...helper,
    capabilities: ['NET_ADMIN'],
    reason: '`alpy doctor` tries in it which kinds of interfaces the kernel has',
  },
  unpack: {
    ...helper,
    user: '0:0',
    capabilities: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'],
    memory: 1024,
    pids: 512,
    mounts: [
      'builds of the job rw',
      'caches of the project rw',
      '/tmp, a volume, rw',
      'script ro',
      'gitlab-runner ro',
      'certificates ro',
    ],
    network: "the host's",
    reason: 'gitlab-runner unpacks caches and artifacts of other jobs as its own user; only root needs capabilities',
  },
  files: {
    ...helper,
    capabilities: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'],
    memory: 256,
    mounts: ['the folders of a job that it handles'],
    reason: "cleans up and copies a job's files, which may belong to any user and be links to anywhere",
  },
};

/** The table in docs/security.md, as Markdown. */
export function privilegesTable(): string {
  return [
    '| container | user | capabilities and devices | root | memory, processes | mounts | network | sees processes of | reason |',
    '|---|---|---|---|---|---|---|---|---|',
    ...Object.entries(privileges).map(([kind, one]) => `| ${kind} | ${cells(one).join(' | ')} |`),
  ].join('\n');
}

function cells(one: Privileges): readonly string[] {
  const own = one.capabilities === network ? [] : one.capabilities;
  const rights = [
    ...(one.capabilities === network ? ['[those of network programs](#capabilities)'] : []),
    ...[...own, ...one.devices].map((name) => `\`${name}\``),
  ];
  const folders = Object.entries(one.root === 'writable' ? {} : one.root).map(([path, mib]) => `\`${path}\` ${mib} MiB`);
  return [
    one.user === '' ? 'root' : one.user,
    rights.join(', ') || 'none',
    one.root === 'writable' ? 'writable' : ['read-only', ...folders].join(', '),
    `${one.memory} MiB, ${one.pids}`,
    one.mounts.join(', ') || 'none',
    one.network,
    one.processes,
    one.reason,
  ];
}
