// SPDX-License-Identifier: GPL-3.0-or-later
import type { GitLabApi } from './api.ts';
import type { JobContext } from './context.ts';
import { GitLabError } from './errors.ts';

/** What a test is recognised by in another pipeline: the attributes of its JUnit case. */
export interface CaseKey {
  readonly className: string;
  readonly name: string;
}

/** Which tests failed before a change. */
export type Comparison =
  | {
      /** of {@link caseKey} */
      readonly failed: ReadonlySet<string>;
      readonly branch: string;
      readonly pipelineId: number;
    }
  | {
      /** why it is not known which tests failed before */
      readonly unknown: string;
    };

/** A key as one text. */
export function caseKey({ className, name }: CaseKey): string {
  return `${className}\n${name}`;
}

/**
 * Finds out which tests fail in the target branch: in its newest finished pipeline with a test report, of the last five. A test
 * that fails in any job of that pipeline counts as failing. Errors of GitLab are returned as the reason why it is unknown.
 * @throws only the reason of `signal`
 */
export async function compareWithTarget(api: GitLabApi, context: JobContext, signal?: AbortSignal): Promise<Comparison> {
  const { targetBranch: branch, pipelineCreatedAt } = context;
  if (branch === undefined) return { unknown: 'CI_MERGE_REQUEST_TARGET_BRANCH_NAME is not set' };
  try {
    const updatedBefore = pipelineCreatedAt ?? new Date().toISOString();
    const pipelines = await api.lastPipelines({ ref: branch, updatedBefore }, signal);
    for (const { id: pipelineId } of pipelines.slice(0, 5)) {
      const cases = await api.testReport(pipelineId, signal);
      const failed = cases.filter(({ status }) => status === 'failed' || status === 'error');
      if (cases.length > 0) return { failed: new Set(failed.map(caseKey)), branch, pipelineId };
    }
    return { unknown: `no finished pipeline of ${branch} has a test report` };
  } catch (error) {
    if (!(error instanceof GitLabError)) throw error;
    return { unknown: error.message };
  }
}
