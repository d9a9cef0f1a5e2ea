// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { EnvironmentError, messageOf } from '../core/errors.ts';
import { readLines } from '../core/lines.ts';
import { eventLine, OpenSteps } from '../report/index.ts';
import { SessionError } from './errors.ts';
import { startFailure, type StartFailure } from './failure.ts';
import { keep, readSpec } from './session-server.ts';
import { sessionFiles, type SessionSpec } from './spec.ts';
import type { Variables } from '../core/variables.ts';

/** What a keeper tells who started it, a line each. */
type KeeperMessage = { readonly log: string } | { readonly ready: true } | { readonly failed: StartFailure };

/** Descriptor on which a keeper tells who started it how it goes. */
const wordsFd = 3;

/**
 * Starts a keeper, in a session of its own so that it outlives the process group of who starts it, and waits until its
 * testbed can be used. When that fails, or `signal` fires, nothing of it is left.
 * @param program - how to start `alpy keep`: words to which the folder is added
 * @param onLine - takes what it tells meanwhile
 * @throws SessionError with what the keeper tells of why there is no testbed
 */
export async function startSessionServer(
  spec: SessionSpec,
  program: readonly string[],
  environment: Variables,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const child = await spawnSessionServer(spec, program, environment);
  const words = child.stdio[wordsFd] as Socket;
  const stop = (): void => {
    child.kill('SIGTERM');
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    for await (const line of readLines(words)) {
      const word = JSON.parse(line) as KeeperMessage;
      if ('log' in word) onLine(word.log);
      else if ('failed' in word) {
        const { message, code, fault, culprit } = word.failed;
        throw new SessionError(message, code, fault, culprit);
      } else return;
    }
    signal.throwIfAborted();
    throw new EnvironmentError(`the keeper of the testbed ended without a word; see ${join(spec.directory, sessionFiles.log)}`);
  } catch (error) {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit'); // so that nothing of it is left
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    words.destroy();
    child.unref();
  }
}

async function spawnSessionServer(
  spec: SessionSpec,
  [command = '', ...args]: readonly string[],
  env: Variables,
): Promise<ChildProcess> {
  const { directory } = spec;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(join(directory, sessionFiles.spec), JSON.stringify(spec), { mode: 0o600 });
  const log = openSync(join(directory, sessionFiles.log), 'a', 0o600);
  try {
    const child = spawn(command, [...args, directory], {
      cwd: '/',
      detached: true,
      env: { ...env },
      stdio: ['ignore', log, log, 'pipe'],
    });
    await once(child, 'spawn').catch((cause: unknown) => {
      throw new EnvironmentError(`cannot start ${command}: ${messageOf(cause)}`, { cause });
    });
    return child;
  } finally {
    closeSync(log);
  }
}

/**
 * The keeper itself: `alpy keep`. It ends at once when who started it goes before the testbed is ready.
 * @param directory - absolute path of the folder of its session
 * @throws what `keep` throws
 */
export async function runSessionServer(directory: string, signal: AbortSignal): Promise<void> {
  const words = new Socket({ fd: wordsFd, readable: true, writable: true });
  const abandoned = new AbortController();
  const state = { isReady: false };
  const openSteps = new OpenSteps();
  words.on('error', () => undefined); // 'close' follows
  words.once('close', () => {
    if (!state.isReady) abandoned.abort(new EnvironmentError('who wanted the testbed has gone'));
  });
  words.resume(); // or its end is not seen
  const tell = (word: KeeperMessage): void => {
    if (words.writable) words.write(`${JSON.stringify(word)}\n`);
  };
  try {
    const onReady = (): void => {
      state.isReady = true;
      tell({ ready: true });
      words.end();
    };
    await keep(await readSpec(directory), AbortSignal.any([signal, abandoned.signal]), onReady, (event) => {
      const path = openSteps.follow(event);
      if (!state.isReady && path.length === 1 && event.kind !== 'begin') tell({ log: eventLine(event, path) });
    });
  } catch (error) {
    if (!state.isReady) tell({ failed: startFailure(error) });
    throw error;
  } finally {
    words.destroySoon();
  }
}
