// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { homedir, networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { readLines } from '../../../src/core/lines.ts';
import { Lifetime } from '../../../src/core/lifetime.ts';
import { jobLabel } from '../../../src/docker/index.ts';
import { imageNamed } from '../../../src/images/index.ts';
import { SchedulerServer } from '../../../src/runner/scheduler/server.ts';
import { suiteId } from '../suite.ts';
import type { TestHost } from '../testbeds.ts';
import { parseOutcomes, program, type Attempt, type Facts, type Outcomes } from './attempt.ts';

/**
 * What programs in containers must not reach of this machine: sockets, files, processes. Its privileged container proves that the
 * attempts work: there they have to succeed.
 */
export class Machine implements AsyncDisposable {
  readonly facts: Facts;
  /** `DEVICE:INODE PATH` of files that no container may reach */
  readonly files: readonly string[];
  /** a file with {@link mark}, which nothing may change */
  readonly canary: string;
  readonly mark: string;
  readonly #container: string;
  readonly #victim: number;
  readonly #lifetime: Lifetime;

  private constructor(
    facts: Facts & { readonly files: readonly string[] },
    secret: Pick<Machine, 'canary' | 'mark'>,
    container: string,
    victim: number,
    lifetime: Lifetime,
  ) {
    this.facts = facts;
    this.files = facts.files;
    this.canary = secret.canary;
    this.mark = secret.mark;
    this.#container = container;
    this.#victim = victim;
    this.#lifetime = lifetime;
  }

  /** Opens the sockets and starts the container. @param files - more files that no container may reach */
  static async open(host: TestHost, files: readonly string[]): Promise<Machine> {
    await using lifetime = new Lifetime();
    const mark = randomBytes(8).toString('hex');
    const folder = join(host.directory, 'private');
    await mkdir(folder, { mode: 0o700 });
    const canary = join(folder, 'canary');
    await writeFile(canary, mark);
    const sockets = await openSockets(lifetime, folder, mark);
    const known = [...files, canary, dirname(sockets.scheduler), homedir()];
    const container = await startContainer(host, lifetime, [host.directory, dirname(sockets.scheduler), homedir()]);
    const victim = await startVictim(lifetime, container, mark);
    const facts = {
      marker: `${mark.slice(0, 3)}[${mark[3]}]${mark.slice(4)}`, // a pattern that does not match itself, because programs contain it
      machine: [process.pid, victim.pid],
      files: await Promise.all(known.map(identify)),
      sockets: [sockets.scheduler, sockets.keeper, '/var/run/docker.sock'],
      abstract: sockets.abstract,
      addresses: addressesOfThisMachine(),
      port: sockets.port,
      vsockPort: victim.vsockPort,
      ipcKey: victim.ipcKey,
      users: ['65525:65525', '0:0'], // QEMU's, and root
    };
    return new Machine(facts, { canary, mark }, container, victim.pid, lifetime.move());
  }

  /** Makes attempts where they have to succeed. */
  async control(attempts: readonly Attempt[]): Promise<Outcomes> {
    const input = program(attempts, { ...this.facts, guarded: [this.#victim], machine: [this.#victim] });
    const { stdout } = await execa('docker', ['exec', '-i', this.#container, 'perl', '-'], { input });
    return parseOutcomes(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lifetime[Symbol.asyncDispose]();
  }
}

async function openSockets(
  lifetime: Lifetime,
  folder: string,
  mark: string,
): Promise<{ readonly scheduler: string; readonly keeper: string; readonly abstract: string; readonly port: number }> {
  const scheduler = await SchedulerServer.open({ testbeds: 1, memoryMiB: 1000, boots: 1 });
  lifetime.defer('scheduler', () => scheduler[Symbol.asyncDispose]());
  const [keeper, abstract] = [join(folder, 'keeper.sock'), `alpy-${mark}`];
  const listen = async (at: string | number): Promise<Server> => {
    const server = createServer((socket) => socket.on('error', () => undefined).end());
    lifetime.defer(String(at), () => {
      server.close();
    });
    server.listen(at);
    await once(server, 'listening');
    return server;
  };
  const tcp = await listen(0);
  await listen(keeper);
  await listen(`\0${abstract}`);
  return { scheduler: scheduler.path, keeper, abstract, port: (tcp.address() as AddressInfo).port };
}

/** Capabilities that this machine itself does not have, so that no container can get them. Source: capabilities(7). */
async function missingCapabilities(): Promise<readonly string[]> {
  const bounding = BigInt(`0x${/CapBnd:\s*(\S+)/.exec(await readFile('/proc/self/status', 'utf8'))?.[1]}`);
  const optional = { SYS_MODULE: 16n, SYS_RAWIO: 17n, SYS_RESOURCE: 24n, SYS_TIME: 25n, SYS_BOOT: 22n, MKNOD: 27n };
  return Object.entries(optional).flatMap(([name, bit]) => ((bounding >> bit) & 1n ? [] : [name]));
}

/**
 * A container with all rights, in the namespaces of this machine. It sees folders under their own paths. `--privileged` would
 * fail on a machine that lacks a capability.
 */
async function startContainer(host: TestHost, lifetime: Lifetime, folders: readonly string[]): Promise<string> {
  const image = imageNamed(host.facts.images, 'node').reference;
  const name = `alpy-escape-${randomBytes(4).toString('hex')}`;
  lifetime.defer(name, async () => {
    await execa('docker', ['rm', '-f', name]);
  });
  const volumes = [...folders, '/var/run/docker.sock', '/dev', '/sys'].flatMap((path) => ['-v', `${path}:${path}`]);
  const missing = (await missingCapabilities()).flatMap((capability) => ['--cap-drop', capability]);
  const profiles = ['seccomp', 'apparmor', 'systempaths'].flatMap((profile) => ['--security-opt', `${profile}=unconfined`]);
  const rights = ['--cap-add', 'ALL', ...missing, ...profiles, '--device-cgroup-rule', 'a *:* rwm'];
  const namespaces = ['--pid', 'host', '--network', 'host', '--ipc', 'host', '--label', `${jobLabel}=${suiteId()}`];
  await execa('docker', ['run', '-d', '--rm', '--name', name, ...rights, ...namespaces, ...volumes, image, 'sleep', 'infinity']);
  return name;
}

/**
 * A process of this machine with a mark in its command line and environment. It has shared memory of System V, and listens on a virtual
 * socket if there are any.
 */
async function startVictim(
  lifetime: Lifetime,
  container: string,
  mark: string,
): Promise<{ readonly pid: number; readonly vsockPort: number; readonly ipcKey: number }> {
  const ipcKey = randomBytes(4).readUInt32BE() >>> 1;
  const script = `use Socket; $| = 1;
    my $memory = shmget(${ipcKey}, 1, 01600) // die "shmget: $!";
    my ($socket, $port) = (undef, 0);
    if (socket($socket, 40, SOCK_STREAM, 0) and bind($socket, pack('SSLLx4', 40, 0, -1, -1)) and listen($socket, 9)) {
      (undef, undef, $port) = unpack('SSL', getsockname($socket));
    }
    print "$$ $port\\n";
    <STDIN>;
    shmctl($memory, 0, 0) or die "shmctl: $!"; # removes it`;
  const child = spawn('docker', ['exec', '-i', '-e', `SECRET=${mark}`, container, 'perl', '-e', script, mark]);
  lifetime.defer('victim', async () => {
    child.stdin.end();
    if (child.exitCode === null) await once(child, 'exit'); // now its shared memory is removed
  });
  for await (const line of readLines(child.stdout)) {
    const [pid, port] = line.split(' ');
    return { pid: Number(pid), vsockPort: Number(port), ipcKey };
  }
  throw new Error('the process of the control does not run');
}

/** `DEVICE:INODE PATH` */
async function identify(path: string): Promise<string> {
  const { dev, ino } = await stat(path);
  return `${dev}:${ino} ${path}`;
}

function addressesOfThisMachine(): readonly string[] {
  const found = Object.values(networkInterfaces()).flatMap((ones) => ones ?? []);
  return [...new Set(found.filter(({ family }) => family === 'IPv4').map(({ address }) => address))];
}
