// SPDX-License-Identifier: GPL-3.0-or-later
import { whenAborted } from '../core/deadline.ts';
import type { Engine, EngineOptions } from '../docker/index.ts';
import type { CliIo } from './io.ts';

/**
 * Connects to the daemon for a command: it says so when the daemon is late, and the user can stop the wait. Once the user wants
 * to stop, a silent daemon is given up after a moment.
 * @throws DaemonError when no daemon answers, or it may not be used; says what to do
 */
export async function connectEngine(io: CliIo, options: Pick<EngineOptions, 'jobId'> = {}): Promise<Engine> {
  const { connectTimeoutMs, Engine: daemon } = await import('../docker/index.ts');
  const engine = await daemon.connect({ ...options, onWait: io.stderr }, { timeoutMs: connectTimeoutMs, signal: io.signal });
  whenAborted(io.signal, () => {
    engine.hurry();
  });
  return engine;
}
