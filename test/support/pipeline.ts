// SPDX-License-Identifier: GPL-3.0-or-later
// A GitLab without GitLab: gitlab-ci-local runs the jobs, Debian's docker-registry keeps the images.
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';

export const repository = resolve(import.meta.dirname, '../..');
const runner = join(repository, 'node_modules/gitlab-ci-local/dist/index.js');

/** A registry on the loopback interface, with its own storage. */
export class Registry implements AsyncDisposable {
  readonly address: string;
  readonly #folder: string;
  readonly #stop: () => Promise<unknown>;

  private constructor(address: string, folder: string, stop: () => Promise<unknown>) {
    this.address = address;
    this.#folder = folder;
    this.#stop = stop;
  }

  static async start(): Promise<Registry> {
    const folder = await mkdtemp(join(tmpdir(), 'alpy-registry-'));
    const address = `127.0.0.1:${await freePort()}`;
    const storage = `storage: {filesystem: {rootdirectory: ${folder}/data}}`;
    await writeFile(join(folder, 'config.yml'), `version: 0.1\nhttp: {addr: "${address}"}\nlog: {level: info}\n${storage}\n`);
    const server = execa('docker-registry', ['serve', join(folder, 'config.yml')], { reject: false, all: true });
    const listening = Promise.withResolvers<void>();
    createInterface({ input: server.all })
      .on('line', (line) => {
        if (line.includes('listening on')) listening.resolve();
      })
      .on('close', () => {
        listening.reject(new Error('docker-registry ended'));
      });
    await listening.promise;
    return new Registry(address, folder, () => {
      server.kill();
      return server;
    });
  }

  /** Tags of a repository of images. */
  async tags(name: string): Promise<readonly string[]> {
    const response = await fetch(`http://${this.address}/v2/${name}/tags/list`);
    return response.ok ? ((await response.json()) as { tags: string[] }).tags : [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** What a pipeline printed, and how it ended. */
export interface PipelineResult {
  readonly status: number | undefined;
  readonly stdout: string;
  /** standard output and standard error */
  readonly output: string;
}

/** A clone of a project, as a runner would have it. */
export class Checkout implements AsyncDisposable {
  readonly directory: string;
  readonly #environment: Readonly<Record<string, string>>;

  private constructor(directory: string, environment: Readonly<Record<string, string>>) {
    this.directory = directory;
    this.#environment = environment;
  }

  /**
   * A repository with one commit.
   * @param origin - address, which nobody asks
   * @param files - contents by path
   */
  static async create(
    origin: string,
    files: Readonly<Record<string, string>>,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Checkout> {
    const checkout = new Checkout(await mkdtemp(join(tmpdir(), 'alpy-checkout-')), environment);
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(checkout.directory, path)), { recursive: true });
      await writeFile(join(checkout.directory, path), content);
    }
    await checkout.git('init', '--quiet', '--initial-branch=main', '.');
    await checkout.#commit(origin);
    return checkout;
  }

  /** The files of this repository as they are now, committed or not. */
  static async ofThisRepository(origin: string): Promise<Checkout> {
    const checkout = new Checkout(await mkdtemp(join(tmpdir(), 'alpy-checkout-')), {});
    await checkout.git('init', '--quiet', '--initial-branch=main', '.');
    const listed = await execa('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: repository });
    await execa('rsync', ['--archive', '--from0', '--files-from=-', '--ignore-missing-args', repository, checkout.directory], {
      input: listed.stdout,
    });
    await checkout.#commit(origin);
    return checkout;
  }

  async #commit(origin: string): Promise<void> {
    await this.git('add', '--all');
    await this.git('-c', 'user.name=test', '-c', 'user.email=test@example.com', 'commit', '--quiet', '--message=all');
    await this.git('remote', 'add', 'origin', origin);
    await this.git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
  }

  async git(...args: readonly string[]): Promise<string> {
    return (await execa('git', args, { cwd: this.directory })).stdout;
  }

  /** Writes a file, which is not committed. */
  async write(path: string, content: string): Promise<void> {
    await writeFile(join(this.directory, path), content);
  }

  /** Runs gitlab-ci-local here. */
  async pipeline(args: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<PipelineResult> {
    const flags = Object.entries(variables).flatMap(([name, value]) => ['--variable', `${name}=${value}`]);
    const result = await execa(process.execPath, [runner, ...args, ...flags], {
      cwd: this.directory,
      env: { ...this.#environment, VITEST: '', NODE_OPTIONS: '' },
      all: true,
      reject: false,
      stdin: 'ignore',
      timeout: 1_200_000,
    });
    return { status: result.exitCode, stdout: result.stdout, output: result.all };
  }

  /** Path of an artifact of a job. */
  artifact(job: string, path: string): string {
    return join(this.directory, '.gitlab-ci-local', 'artifacts', job, path);
  }

  async readArtifact(job: string, path: string): Promise<string> {
    return readFile(this.artifact(job, path), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
