// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

import { quoteWord } from '../../src/core/text.ts';

/** The script of the command line. */
export const alpyProgram = resolve(import.meta.dirname, '../../src/cli/bin.ts');

/** A folder of somebody who uses alpy, outside this repository and without a package.json. */
export class Project implements AsyncDisposable {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** @param files - contents by path */
  static async create(files: Readonly<Record<string, string>>): Promise<Project> {
    const project = new Project(await mkdtemp(join(tmpdir(), 'alpy-project-')));
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(project.directory, path)), { recursive: true });
      await writeFile(join(project.directory, path), content);
    }
    return project;
  }

  /** Absolute path of a file below it. */
  path(...parts: readonly string[]): string {
    return join(this.directory, ...parts);
  }

  /** What `alpy` needs in its environment here. */
  get env(): Readonly<Record<string, string>> {
    return {
      ALPY_SNAPSHOTS_DIRECTORY: this.path('snapshots'),
      VITEST: '',
      VITEST_WORKER_ID: '',
      VITEST_POOL_ID: '',
      NODE_OPTIONS: '',
    };
  }

  /**
   * Starts `alpy` here, as the first of a process group of its own.
   * @param input - its standard input; absent for none
   */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}, input?: string): ChildProcess {
    const child = spawn(process.execPath, [alpyProgram, ...args], {
      cwd: this.directory,
      env: { ...process.env, ...this.env, ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    child.stdin?.end(input);
    return child;
  }

  /**
   * Runs `alpy` here to its end, in a terminal of 30 rows and 100 columns.
   * @param typed - what the user types
   * @returns its status, and what the terminal shows
   */
  async runInTerminal(args: readonly string[], typed: string): Promise<{ status: number | null; screen: string }> {
    const command = `stty rows 30 columns 100; exec ${[process.execPath, alpyProgram, ...args].map(quoteWord).join(' ')}`;
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      cwd: this.directory,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end(typed);
    const [screen, [status]] = await Promise.all([text(child.stdout), once(child, 'exit') as Promise<[number | null]>]);
    return { status, screen };
  }

  /** Runs `alpy` here to its end. */
  async run(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    input?: string,
  ): Promise<{ status: number | null; stdout: string; stderr: string }> {
    const child = this.start(args, env, input);
    const [stdout, stderr, [status]] = await Promise.all([
      text(child.stdout!),
      text(child.stderr!),
      once(child, 'exit') as Promise<[number | null]>,
    ]);
    return { status, stdout, stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Waits until a running `alpy` prints a line that matches, on either output; all that it prints meanwhile is read. */
export async function waitForLine(child: ChildProcess, pattern: RegExp): Promise<void> {
  const lines: string[] = [];
  const found = Promise.withResolvers<void>();
  for (const input of [child.stdout!, child.stderr!]) {
    createInterface({ input }).on('line', (line) => {
      lines.push(line);
      if (pattern.test(line)) found.resolve();
    });
  }
  child.on('close', () => {
    // only now all that it has printed was read
    found.reject(new Error(`alpy ended without printing ${String(pattern)}:\n${lines.join('\n')}`));
  });
  await found.promise;
}
