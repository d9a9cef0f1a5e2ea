// SPDX-License-Identifier: GPL-3.0-or-later

/** What one check found. */
export interface Finding {
  /** subject of the check; stable, because JSON output and tests refer to it */
  readonly name: string;
  /** `failure`: a run would fail; `warning`: it would work, but slowly or not completely */
  readonly result: 'ok' | 'warning' | 'failure';
  readonly text: string;
  /** how to fix it: a command if there is one */
  readonly remedy?: string;
  /** a command that fixes it without asking the user; absent if the user must decide or act */
  readonly fix?: readonly string[];
  /** whether only a job of GitLab CI needs this; absent if `alpy run` does */
  readonly isForCi?: true;
}

/** A finding that keeps alpy from running. */
export function failure(name: string, text: string, remedy: string): Finding {
  return { name, result: 'failure', text, remedy };
}

/** Whether any check failed. Warnings do not count. */
export function hasFailure(findings: readonly Finding[]): boolean {
  return findings.some(({ result }) => result === 'failure');
}
