// SPDX-License-Identifier: GPL-3.0-or-later
// The feature flags of GitLab Runner, their defaults, and how a job changes them. The runner sends all of them with every job.
// Source: gitlab-org/gitlab-runner 19.4.0, helpers/featureflags/flags.go and common/build_settings.go.

/** Flags that are on by default. */
const onByDefault = [
  'FF_USE_DIRECT_DOWNLOAD',
  'FF_USE_FASTZIP',
  'FF_USE_POD_ACTIVE_DEADLINE_SECONDS',
  'FF_SECRET_RESOLVING_FAILS_IF_MISSING',
  'FF_USE_GIT_BUNDLE_URIS',
  'FF_USE_DOCKER_AUTOSCALER_DIAL_STDIO',
  'FF_TIMESTAMPS',
  'FF_MASK_ALL_DEFAULT_TOKENS',
  'FF_USE_EXPONENTIAL_BACKOFF_STAGE_RETRY',
  'FF_USE_ADAPTIVE_REQUEST_CONCURRENCY',
  'FF_USE_GITALY_CORRELATION_ID',
  'FF_ENABLE_JOB_INPUTS_INTERPOLATION',
];

/** Flags that are off by default. */
const offByDefault = [
  'FF_NETWORK_PER_BUILD',
  'FF_USE_LEGACY_KUBERNETES_EXECUTION_STRATEGY',
  'FF_DISABLE_UMASK_FOR_DOCKER_EXECUTOR',
  'FF_ENABLE_BASH_EXIT_CODE_CHECK',
  'FF_USE_WINDOWS_LEGACY_PROCESS_STRATEGY',
  'FF_USE_LEGACY_BASH_EVAL',
  'FF_USE_POWERSHELL_PATH_RESOLVER',
  'FF_USE_DYNAMIC_TRACE_FORCE_SEND_INTERVAL',
  'FF_SCRIPT_SECTIONS',
  'FF_ENABLE_JOB_CLEANUP',
  'FF_KUBERNETES_HONOR_ENTRYPOINT',
  'FF_POSIXLY_CORRECT_ESCAPES',
  'FF_RESOLVE_FULL_TLS_CHAIN',
  'FF_DISABLE_POWERSHELL_STDIN',
  'FF_USE_ADVANCED_POD_SPEC_CONFIGURATION',
  'FF_PRINT_POD_EVENTS',
  'FF_USE_GIT_NATIVE_CLONE',
  'FF_USE_DUMB_INIT_WITH_KUBERNETES_EXECUTOR',
  'FF_USE_INIT_WITH_DOCKER_EXECUTOR',
  'FF_LOG_IMAGES_CONFIGURED_FOR_JOB',
  'FF_CLEAN_UP_FAILED_CACHE_EXTRACT',
  'FF_USE_WINDOWS_JOB_OBJECT',
  'FF_DISABLE_AUTOMATIC_TOKEN_ROTATION',
  'FF_USE_LEGACY_GCS_CACHE_ADAPTER',
  'FF_DISABLE_UMASK_FOR_KUBERNETES_EXECUTOR',
  'FF_USE_LEGACY_S3_CACHE_ADAPTER',
  'FF_GIT_URLS_WITHOUT_TOKENS',
  'FF_WAIT_FOR_POD_TO_BE_REACHABLE',
  'FF_EXPORT_HIGH_CARDINALITY_METRICS',
  'FF_USE_FLEETING_ACQUIRE_HEARTBEATS',
  'FF_USE_GIT_PROACTIVE_AUTH',
  'FF_HASH_CACHE_KEYS',
  'FF_USE_JOB_ROUTER',
  'FF_SCRIPT_TO_STEP_MIGRATION',
  'FF_USE_PARALLEL_CACHE_TRANSFER',
  'FF_USE_PARALLEL_ARTIFACT_TRANSFER',
  'FF_CONCRETE',
  'FF_SUSPENDABLE_ENVIRONMENTS',
  'FF_USE_NATIVE_CONTAINER_STOP',
];

const truths: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true])),
  ...Object.fromEntries(['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false])),
};

/** Parses a truth value as Go does; `undefined` for any other text. */
export function truthOf(text: string): boolean | undefined {
  return Object.hasOwn(truths, text) ? truths[text] : undefined;
}

/** Every flag with its value: that of the job if it is a truth value, else the default. */
export function resolvedFlags(valueOf: (name: string) => string | undefined): ReadonlyMap<string, boolean> {
  const defaults = [...onByDefault.map((name) => [name, true] as const), ...offByDefault.map((name) => [name, false] as const)];
  return new Map(defaults.map(([name, byDefault]) => [name, truthOf(valueOf(name) ?? '') ?? byDefault]));
}
