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

/** A message, one line, from a session server to the process that started it. */
type KeeperMessage = { readonly log: string } | { readonly ready: true } | { readonly failed: StartFailure };

/** Descriptor for these messages. */
const messageFd = 3;

/**
 * Starts a session server and waits until its testbed is ready. The server runs in a new process session, so that it outlives the
 * caller's process group. If it fails or `signal` fires, nothing of it is left.
 * @param program - command that starts `alpy keep`; the folder is appended
 * @param onLine - called with its progress
 * @throws SessionError with the reason that the server reported
 */
export async function startSessionServer(
  spec: SessionSpec,
  program: readonly string[],
  environment: Variables,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const child = await spawnSessionServer(spec, program, environment);
  const messages = child.stdio[messageFd] as Socket;
  const stop = (): void => {
    child.kill('SIGTERM');
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    for await (const line of readLines(messages)) {
      const message = JSON.parse(line) as KeeperMessage;
      if ('log' in message) onLine(message.log);
      else if ('failed' in message) {
        const { message: text, code, fault, culprit } = message.failed;
        throw new SessionError(text, code, fault, culprit);
      } else return;
    }
    signal.throwIfAborted();
    throw new EnvironmentError(
      `the keeper of the testbed exited without an error message; see ${join(spec.directory, sessionFiles.log)}`,
    );
  } catch (error) {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit'); // so that nothing is left
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    messages.destroy();
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
 * Runs a session server: `alpy keep`. It ends at once if the process that started it exits before the testbed is ready.
 * @param directory - absolute path of the folder of the session
 * @throws what `keep` throws
 */
export async function runSessionServer(directory: string, signal: AbortSignal): Promise<void> {
  const messages = new Socket({ fd: messageFd, readable: true, writable: true });
  const abandoned = new AbortController();
  const state = { isReady: false };
  const openSteps = new OpenSteps();
  messages.on('error', () => undefined); // 'close' follows
  messages.once('close', () => {
    if (!state.isReady) abandoned.abort(new EnvironmentError('the process that started the testbed has exited'));
  });
  messages.resume(); // otherwise its end goes unnoticed
  const send = (message: KeeperMessage): void => {
    if (messages.writable) messages.write(`${JSON.stringify(message)}\n`);
  };
  try {
    const onReady = (): void => {
      state.isReady = true;
      send({ ready: true });
      messages.end();
    };
    await keep(await readSpec(directory), AbortSignal.any([signal, abandoned.signal]), onReady, (event) => {
      const path = openSteps.follow(event);
      if (!state.isReady && path.length === 1 && event.kind !== 'begin') send({ log: eventLine(event, path) });
    });
  } catch (error) {
    if (!state.isReady) send({ failed: startFailure(error) });
    throw error;
  } finally {
    messages.destroySoon();
  }
}
