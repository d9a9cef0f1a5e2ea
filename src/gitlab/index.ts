// SPDX-License-Identifier: GPL-3.0-or-later
export { GitLabApi } from './api.ts';
export { jobContext, tokenOf, type JobContext, type Token } from './context.ts';
export { GitLabError } from './errors.ts';
export { noteText } from './note.ts';
export { uploadPackageFile } from './package.ts';
export { publishResults } from './publish.ts';
export { readResults } from './results.ts';
export { fetchAppliance, storeAppliance, type Access } from './stored-appliance.ts';
