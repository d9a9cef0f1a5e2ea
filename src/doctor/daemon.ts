// SPDX-License-Identifier: GPL-3.0-or-later
import { messageOf } from '../core/errors.ts';
import { DaemonError, type Engine } from '../docker/index.ts';
import { failure, type Finding } from './finding.ts';

const name = 'docker';

/** The finding for a daemon that answers. */
export function daemonFound({ version, address }: Pick<Engine, 'version' | 'address'>, reason?: string): Finding {
  return { name, result: 'ok', text: `Docker ${version} at ${address}${reason === undefined ? '' : ` (${reason})`}` };
}

/** The finding for a daemon that cannot be used. */
export function daemonFailed(error: unknown): Finding {
  return failure(name, messageOf(error), error instanceof DaemonError ? error.remedy : 'docker version');
}

/** Whether the findings of {@link checkMachine} say that the daemon can be used. */
export function isDaemonUsable(findings: readonly Finding[]): boolean {
  return findings.every((finding) => finding.name !== name || finding.result === 'ok');
}
