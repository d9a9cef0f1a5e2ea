// SPDX-License-Identifier: GPL-3.0-or-later
// A job as GitLab sends it to a runner: the body of the answer to POST /api/v4/jobs/request, and of JOB_RESPONSE_FILE.
// Source: gitlab-org/gitlab-runner 19.4.0, common/spec.
import { randomBytes } from 'node:crypto';

/** A service of a job, as `.gitlab-ci.yml` declares it. */
export interface PayloadService {
  readonly name: string;
  readonly alias?: string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly variables?: readonly { readonly key: string; readonly value: string }[];
}

/** Artifacts of a job. */
export interface PayloadArtifact {
  readonly name: string;
  readonly paths: readonly string[];
  readonly when: 'on_success' | 'on_failure' | 'always';
  readonly artifact_type: string;
  readonly artifact_format: string;
}

/** A cache that jobs share on the same runner. */
export interface PayloadCache {
  /** empty for the default key, which consists of the job's name and its ref */
  readonly key: string;
  readonly untracked: boolean;
  readonly policy: 'pull' | 'push' | 'pull-push';
  readonly paths: readonly string[];
  readonly when: 'on_success' | 'on_failure' | 'always';
}

/** The part of a job that the runner and the driver use. */
export interface JobPayload {
  readonly id: number;
  readonly token: string;
  readonly allow_git_fetch: boolean;
  readonly job_info: {
    readonly name: string;
    readonly stage: string;
    readonly project_id: number;
    readonly project_name: string;
  };
  readonly git_info: {
    readonly repo_url: string;
    readonly ref: string;
    readonly sha: string;
    readonly ref_type: string;
    readonly refspecs: readonly string[];
    readonly depth: number;
  };
  /** `timeout` in seconds */
  readonly runner_info: { readonly timeout: number };
  readonly variables: readonly {
    readonly key: string;
    readonly value: string;
    readonly public: boolean;
    readonly raw: boolean;
    /** whether scripts get it as the path of a file */
    readonly file: boolean;
  }[];
  readonly steps: readonly {
    readonly name: string;
    readonly script: readonly string[];
    readonly timeout: number;
    readonly when: string;
    readonly allow_failure: boolean;
  }[];
  readonly image: { readonly name: string };
  readonly services: readonly PayloadService[];
  readonly artifacts: readonly PayloadArtifact[];
  readonly cache: readonly PayloadCache[];
  readonly credentials: readonly never[];
  readonly dependencies: readonly never[];
  readonly features: { readonly trace_sections: boolean; readonly failure_reasons: readonly string[] };
}

type DescribedCache = Pick<PayloadCache, 'key' | 'paths'> & Partial<PayloadCache>;

/** A job as a test describes it. Everything else has GitLab's defaults. */
export interface JobDescription {
  readonly script: readonly string[];
  readonly afterScript?: readonly string[];
  /** more steps by name, which run after `script`, such as `release` */
  readonly steps?: Readonly<Record<string, readonly string[]>>;
  readonly variables?: Readonly<Record<string, string>>;
  /** variables of the type File: scripts get the paths of files with their values */
  readonly fileVariables?: Readonly<Record<string, string>>;
  readonly image?: string;
  readonly services?: readonly PayloadService[];
  /** absent for none */
  readonly artifacts?: { readonly paths: readonly string[]; readonly when?: PayloadArtifact['when'] };
  /** a file with variables for later jobs; absent for none */
  readonly dotenv?: string;
  /** absent for none */
  readonly cache?: DescribedCache | readonly DescribedCache[];
  readonly timeoutSeconds?: number;
  /** absent for none: nothing is checked out */
  readonly repository?: { readonly url: string; readonly sha: string };
}

/** Ids start at a random number, so that leftovers of other test runs are not mistaken for ours. */
let nextId = 100_000_000 + randomBytes(3).readUIntBE(0, 3) * 100;

/** Builds a job with a new id and a new token. */
export function jobPayload(description: JobDescription): JobPayload {
  const { script, afterScript, steps = {}, repository, cache, fileVariables = {}, timeoutSeconds = 100 } = description;
  const [id, token] = [nextId++, `glcbt-${randomBytes(12).toString('hex')}`];
  const variables = {
    CI_JOB_ID: String(id),
    CI_JOB_TOKEN: token,
    CI_PROJECT_PATH: 'group/project',
    ...(repository ? {} : { GIT_STRATEGY: 'none' }),
    ...description.variables, // everybody who starts a pipeline may override all of them
  };
  const named = { script, ...steps, ...(afterScript ? { after_script: afterScript } : {}) };
  return {
    id,
    token,
    allow_git_fetch: true,
    job_info: { name: 'test', stage: 'test', project_id: 42, project_name: 'project' },
    git_info: {
      repo_url: repository?.url ?? 'https://gitlab.example.com/group/project.git',
      ref: 'main',
      sha: repository?.sha ?? '0'.repeat(40),
      ref_type: 'branch',
      refspecs: repository ? ['+refs/heads/main:refs/remotes/origin/main'] : [],
      depth: 20,
    },
    runner_info: { timeout: timeoutSeconds },
    variables: [
      ...Object.entries(variables).map(([key, value]) => ({ key, value, public: true, raw: true, file: false })),
      ...Object.entries(fileVariables).map(([key, value]) => ({ key, value, public: false, raw: true, file: true })),
    ],
    steps: Object.entries(named).map(([name, lines]) => ({
      name,
      script: lines,
      timeout: timeoutSeconds,
      when: name === 'after_script' ? 'always' : 'on_success',
      allow_failure: name === 'after_script',
    })),
    image: { name: description.image ?? '' },
    services: description.services ?? [],
    artifacts: artifactsOf(description),
    cache: [cache ?? []].flat().map((one) => ({ untracked: false, policy: 'pull-push', when: 'on_success', ...one })),
    credentials: [],
    dependencies: [],
    features: {
      trace_sections: true,
      failure_reasons: ['script_failure', 'runner_system_failure', 'job_execution_timeout', 'job_canceled'],
    },
  };
}

function artifactsOf({ artifacts, dotenv }: JobDescription): readonly PayloadArtifact[] {
  const archive = { name: 'all', when: 'on_success', artifact_type: 'archive', artifact_format: 'zip' } as const;
  const report = { name: '', when: 'always', artifact_type: 'dotenv', artifact_format: 'gzip' } as const;
  return [
    ...(artifacts ? [{ ...archive, ...artifacts }] : []),
    ...(dotenv === undefined ? [] : [{ ...report, paths: [dotenv] }]),
  ];
}
