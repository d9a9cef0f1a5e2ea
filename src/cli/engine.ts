// SPDX-License-Identifier: GPL-3.0-or-later
import { whenAborted } from '../core/deadline.ts';
import type { Engine, EngineOptions } from '../docker/index.ts';
import type { CliIo } from './io.ts';

/**
 * Connects to the daemon for a command. Tells the user if the daemon is slow to answer. The user can stop the wait; after that,
 * requests to a daemon that does not answer fail after a moment.
 * @throws DaemonError if no daemon answers or access is denied
 */
export async function connectEngine(io: CliIo, options: Pick<EngineOptions, 'jobId'> = {}): Promise<Engine> {
  const { connectTimeoutMs, Engine: daemon } = await import('../docker/index.ts');
  const engine = await daemon.connect({ ...options, onWait: io.stderr }, { timeoutMs: connectTimeoutMs, signal: io.signal });
  whenAborted(io.signal, () => {
    engine.hurry();
  });
  return engine;
}
