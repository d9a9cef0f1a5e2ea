// SPDX-License-Identifier: GPL-3.0-or-later
export { registryLogin, type RegistryLogin } from './auth.ts';
export { provideBaseImage, type BaseImage } from './base-image.ts';
export type { ImageResult } from './build.ts';
export { hashLabel } from './content-hash.ts';
export { ImageBuildError, ManifestError, MissingImageError, type BuildFailure } from './errors.ts';
export { findImage, inspectImage, type PresentImage } from './inspect.ts';
export { formatImages, imagesJson, listImages, type ImageRow } from './list.ts';
export { loadManifest, manifestFile, type Manifest, type ManifestEntry } from './manifest.ts';
export type { Progress, WorkOptions } from './progress.ts';
export { buildImages, provideImages, pullImages, type ImagesOutcome, type ImageWork } from './provide.ts';
export { PullError, pullImage, type PullOptions } from './pull.ts';
export { PushError, pushImage } from './push.ts';
export { buildRabbit } from './rabbit.ts';
export { registryOf, splitReference } from './reference.ts';
export { registryPrefix, resolveImages, type ImagesConfig } from './resolve.ts';
export { imageNamed, type ResolvedImage } from './resolved-image.ts';
