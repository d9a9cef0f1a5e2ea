// SPDX-License-Identifier: GPL-3.0-or-later
import type { Engine, EngineOptions } from '../docker/index.ts';
import type { CliIo } from './io.ts';

/**
 * Connects to the daemon for a command: the user can stop the wait, and is told when a daemon is late.
 * @throws DaemonError when no daemon answers, or it may not be used; says what to do
 */
export async function connectEngine(io: CliIo, options: Pick<EngineOptions, 'jobId'> = {}): Promise<Engine> {
  const { connectTimeoutMs, Engine: daemon } = await import('../docker/index.ts');
  return daemon.connect({ ...options, onWait: io.stderr }, { timeoutMs: connectTimeoutMs, signal: io.signal });
}
