// SPDX-License-Identifier: GPL-3.0-or-later
export { registryLogin } from './auth.ts';
export { hashLabel } from './content-hash.ts';
export { ImageBuildError, ManifestError, MissingImageError } from './errors.ts';
export { findImage, inspectImage } from './inspect.ts';
export { formatImages, imagesJson, listImages, type ImageRow } from './list.ts';
export { loadManifest, manifestFile, type Manifest } from './manifest.ts';
export { buildableHere } from './program.ts';
export { buildImages, provideImages, pullImages, type ImageWork } from './provide.ts';
export { pushImage } from './push.ts';
export { buildRabbit } from './rabbit.ts';
export { registryOf, splitReference } from './reference.ts';
export { registryPrefix, resolveImages, type ImagesConfig } from './resolve.ts';
export { imageNamed, type ResolvedImage } from './resolved-image.ts';
