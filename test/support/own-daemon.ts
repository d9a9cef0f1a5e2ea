// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';

/** How long the daemon may take to start and to end, in `ms`. */
const [startMs, endMs] = [60_000, 30_000];

/** How a daemon of our own differs from the usual one. */
export interface OwnDaemonOptions {
  /** whether root of its containers is another user of this machine */
  readonly remapsUsers?: boolean;
}

/** The first and the number of the users that a daemon with `remapsUsers` gives to its containers. */
const remapped = 'dockremap:200000:65536';

/**
 * Gives the daemon what an administrator prepares for user namespaces: a user with subordinate users, and a tun device that is open to
 * all. Nobody else on this machine sees it. Arguments: a folder, then the daemon's program.
 */
const prepareRemap = `set -e
mount --make-rprivate /
cd "$1"; shift
{ cat /etc/passwd; echo dockremap:x:981:981::/nonexistent:/usr/sbin/nologin; } >passwd
{ cat /etc/group; echo dockremap:x:981:; } >group
echo ${remapped} | tee subuid >subgid
mknod tun c 10 200
chmod 666 tun
for name in passwd group subuid subgid; do [ -e /etc/$name ] || : >/etc/$name; mount --bind $name /etc/$name; done
mount --bind tun /dev/net/tun
exec "$@"`;

/** A Docker daemon of a test, which faults may kill and stop. */
export class OwnDaemon implements AsyncDisposable {
  readonly docker: Docker;
  /** value of DOCKER_HOST */
  readonly host: string;
  /** where it keeps images and containers */
  readonly root: string;
  readonly #directory: string;
  #process: ChildProcess | undefined;
  #containerd: ChildProcess | undefined;

  readonly #options: OwnDaemonOptions;

  private constructor(directory: string, options: OwnDaemonOptions) {
    this.#directory = directory;
    this.#options = options;
    this.root = join(directory, 'root');
    this.host = `unix://${directory}/docker.sock`;
    this.docker = new Docker({ socketPath: join(directory, 'docker.sock') });
  }

  /**
   * Starts a daemon with some images of another one.
   * @param directory - for all of its files; its path must be short, because it contains sockets
   * @throws Error when dockerd cannot be started
   */
  static async open(
    directory: string,
    from: Docker,
    images: readonly string[],
    options: OwnDaemonOptions = {},
  ): Promise<OwnDaemon> {
    const daemon = new OwnDaemon(directory, options);
    await mkdir(daemon.root, { recursive: true });
    try {
      await daemon.ensureRunning();
      for (const name of images) {
        const loading = await daemon.docker.loadImage(await from.getImage(name).get());
        loading.resume();
        await once(loading, 'end');
      }
      return daemon;
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts it if it does not run, and waits until it answers. */
  async ensureRunning(): Promise<void> {
    if (isRunning(this.#process)) return;
    const folders = ['--data-root', this.root, '--exec-root', this.#path('exec'), '--pidfile', this.#path('pid')];
    const args = [...folders, '--host', this.host, '--iptables=false', '--ip6tables=false', '--bridge=none'];
    if (this.#options.remapsUsers === true) {
      // one mount namespace for both, so it starts its containerd
      const program = ['dockerd', ...args, '--userns-remap=dockremap'];
      this.#process = this.#start('unshare', ['--mount', 'sh', '-c', prepareRemap, 'sh', this.#directory, ...program]);
    } else {
      if (!isRunning(this.#containerd)) await this.#startContainerd();
      this.#process = this.#start('dockerd', [...args, '--containerd', this.#path('ctd.sock')]);
    }
    const limitMs = performance.now() + startMs;
    while (!(await this.#answers())) {
      if (performance.now() > limitMs || !isRunning(this.#process)) {
        const log = await readFile(this.#path('log'), 'utf8');
        throw new Error(`dockerd does not answer:\n${log.trimEnd().split('\n').slice(-10).join('\n')}`);
      }
      await sleep(50);
    }
  }

  /** As on other machines, containerd is a service of its own, which goes on when dockerd is killed. */
  async #startContainerd(): Promise<void> {
    const [root, state] = [join(this.root, 'containerd'), this.#path('ctd')];
    await writeFile(
      this.#path('ctd.toml'),
      `version = 2\nroot = "${root}"\nstate = "${state}"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n` +
        `[grpc]\naddress = "${this.#path('ctd.sock')}"\n`,
    );
    this.#containerd = this.#start('containerd', ['--config', this.#path('ctd.toml')]);
  }

  #start(program: string, args: readonly string[]): ChildProcess {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const log = createWriteStream(this.#path('log'), { flags: 'a' });
    for (const output of [child.stdout, child.stderr]) output.pipe(log, { end: false });
    return child;
  }

  async #answers(): Promise<boolean> {
    return this.docker.ping().then(
      () => true,
      () => false,
    );
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }

  /** Sends the daemon a signal. */
  send(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Waits until it has ended. */
  async ended(): Promise<void> {
    await endOf(this.#process);
  }

  /** Ends it with all of its containers. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.send('SIGCONT');
    this.send('SIGTERM');
    await this.ended().catch(async () => {
      this.send('SIGKILL');
      await this.ended();
    });
    this.#containerd?.kill();
    await endOf(this.#containerd);
  }
}

function isRunning(child: ChildProcess | undefined): child is ChildProcess {
  return child?.exitCode === null && child.signalCode === null;
}

async function endOf(child: ChildProcess | undefined): Promise<void> {
  if (isRunning(child)) await once(child, 'exit', { signal: AbortSignal.timeout(endMs) });
}
