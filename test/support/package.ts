// SPDX-License-Identifier: GPL-3.0-or-later
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const repository = resolve(import.meta.dirname, '../..');

/** Runs a program to its end; it does not see that it is called by a test. @throws with its output if it fails */
export async function runProgram(program: string, args: readonly string[], cwd: string): Promise<string> {
  const env = { ...process.env, VITEST: '', VITEST_WORKER_ID: '', VITEST_POOL_ID: '', NODE_OPTIONS: '' };
  try {
    return (await promisify(execFile)(program, args, { cwd, env, maxBuffer: 2 ** 26 })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(`${program} ${args.join(' ')} failed in ${cwd}:\n${stdout}${stderr}`, { cause: error });
  }
}

/** The folder of npm itself. */
export async function npmFolder(): Promise<string> {
  const cli = await realpath((await runProgram('sh', ['-c', 'command -v npm'], repository)).trim());
  return resolve(cli, '../..');
}

interface LockedPackage {
  readonly version: string;
  /** whether only this repository needs it */
  readonly dev?: boolean;
  /** whether this repository needs it, and others only if they want to */
  readonly devOptional?: boolean;
}

/**
 * The package.json of a project in which the packages that alpy needs get the versions of package-lock.json: what others have published
 * since then must not decide whether a test passes.
 */
export async function projectManifest(type: 'module' | 'commonjs'): Promise<string> {
  const lock = JSON.parse(await readFile(join(repository, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  const versions: Record<string, Set<string>> = {};
  for (const [path, { version, dev, devOptional }] of Object.entries(lock.packages))
    if (path !== '' && dev !== true && devOptional !== true) (versions[nameOf(path)] ??= new Set()).add(version);
  // a package of which two versions are needed cannot be overridden by its name
  const overrides = Object.fromEntries(
    Object.entries(versions).flatMap(([name, all]) => (all.size === 1 ? [[name, [...all].join()] as const] : [])),
  );
  return JSON.stringify({ name: 'project', private: true, type, overrides });
}

/** The name of a package, by its path in package-lock.json. */
function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** This repository as `npm pack` packs it, and a project without anything else in which it is installed. */
export class InstalledPackage implements AsyncDisposable {
  /** the tarball */
  readonly tarball: string;
  /** paths in the tarball */
  readonly files: readonly string[];
  /** the project */
  readonly project: string;
  /** its command line */
  readonly bin: string;
  readonly #directory: string;

  private constructor(directory: string, tarball: string, files: readonly string[]) {
    this.#directory = directory;
    this.tarball = tarball;
    this.files = files;
    this.project = join(directory, 'project');
    this.bin = join(this.project, 'node_modules/.bin/alpy');
  }

  static async create(): Promise<InstalledPackage> {
    const directory = await mkdtemp(join(tmpdir(), 'alpy-package-'));
    try {
      await runProgram('npm', ['run', 'build'], repository);
      const packed = await runProgram('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', directory], repository);
      const [{ filename, files }] = JSON.parse(packed) as [{ filename: string; files: readonly { readonly path: string }[] }];
      const paths = files.map(({ path }) => path);
      const installed = new InstalledPackage(directory, join(directory, filename), paths);
      await installed.#install();
      return installed;
    } catch (error) {
      await rm(directory, { recursive: true });
      throw error;
    }
  }

  async #install(): Promise<void> {
    await mkdir(this.project);
    await writeFile(join(this.project, 'package.json'), await projectManifest('module'));
    await runProgram('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', this.tarball], this.project);
  }

  /** Creates an empty folder beside the project. */
  async folder(name: string): Promise<string> {
    const path = join(this.#directory, name);
    await mkdir(path);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true });
  }
}
