// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, rm } from 'node:fs/promises';
import { basename, extname, join, relative, resolve } from 'node:path';
import { valueOf } from '../core/variables.ts';
import { loginQuestions } from './ask-login.ts';
import { accelCacheFile } from './cache.ts';
import { connectEngine } from './engine.ts';
import type { InitArguments } from './init-arguments.ts';
import type { CliIo } from './io.ts';
import { jobIdOf } from './job-id.ts';
import { assertNoneExists, writeProject } from './project.ts';

const defaultBootTimeoutMs = 180_000;
const [configName, testName] = ['alpy.yaml', 'tests/boot.test.ts'];

/** `alpy init --image`: finds out how an image boots, and writes a project for it. */
export async function initFromImage(io: CliIo, args: InitArguments): Promise<void> {
  await assertNoneExists(io, [configName, testName]);
  const [{ explore, configText, testText, unknowns }, { editorSchema }] = await Promise.all([
    import('../init/index.ts'),
    import('../config/index.ts'),
  ]);
  const [image, firmware] = [args.image, args.firmware].map((path) =>
    path === undefined ? undefined : resolve(io.directory, path),
  );
  const directory = join(io.directory, 'alpy-out/init');
  const secret = valueOf(io.env, 'ALPY_APPLIANCE_LOGIN_PASSWORD');
  const password = args.password ?? secret;
  using questions = loginQuestions(io.signal);
  using engine = await connectEngine(io, { jobId: jobIdOf(io.env) });
  try {
    const facts = await factsFor(io, engine, directory);
    const findings = await explore(engine, facts, {
      image,
      firmware,
      memoryMiB: args.memory,
      login: { user: args.user, password },
      ask: args.user === undefined && process.stdin.isTTY ? questions.ask : undefined,
      bootTimeoutMs: args.bootTimeout ?? defaultBootTimeoutMs,
      directory,
      report: io.stderr,
      signal: io.signal,
    });
    const description = {
      name: nameOf(image ?? firmware ?? ''),
      pathOf: (path: string) => relative(io.directory, path),
      schema: editorSchema,
      isPasswordSecret: args.password === undefined && secret !== undefined,
    };
    await writeProject(io, { [configName]: configText(findings, description), [testName]: testText(findings) });
    for (const line of unknowns(findings)) io.stdout(`could not find out ${line}`);
    io.stdout(`the consoles of all tries are in ${relative(io.directory, directory)}; next: alpy run`);
  } catch (error) {
    if (io.signal.aborted) await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

async function factsFor(io: CliIo, engine: Awaited<ReturnType<typeof connectEngine>>, directory: string) {
  const [{ resolveImages }, { inspectHost }] = await Promise.all([import('../images/index.ts'), import('../testbed/index.ts')]);
  await mkdir(directory, { recursive: true });
  const questions = {
    images: resolveImages(io.env, {}),
    accel: 'auto',
    directory,
    accelCacheFile: accelCacheFile(io.env),
  } as const;
  return inspectHost(engine, questions, io.signal);
}

/** The file's name without its suffix, as a name that the configuration accepts. */
function nameOf(image: string): string {
  const stem = basename(image, extname(image)).replaceAll(/[^A-Za-z0-9._-]+/g, '-');
  return stem.replace(/^[^A-Za-z0-9]+/, '').slice(0, 63) || 'my-appliance';
}
