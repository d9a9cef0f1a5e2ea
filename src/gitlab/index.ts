// SPDX-License-Identifier: GPL-3.0-or-later
export { GitLabApi, type CommitStatus } from './api.ts';
export { jobContext, tokenOf, type JobContext, type Token } from './context.ts';
export { GitLabError, type GitLabErrorKind } from './errors.ts';
export { defaultLimits, type Limits } from './http.ts';
export { noteText, type JobResult } from './note.ts';
export { packageFileUrl, uploadPackageFile } from './package.ts';
export { publishResults, type PublishOptions, type PublishOutcome } from './publish.ts';
export { readResults } from './results.ts';
export { fetchAppliance, storeAppliance, type Access } from './stored-appliance.ts';
