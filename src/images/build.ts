// SPDX-License-Identifier: GPL-3.0-or-later
import path from 'node:path';
import type Docker from 'dockerode';
import { BugError, messageOf } from '../core/errors.ts';
import { registryLogin } from './auth.ts';
import type { BaseImage } from './base-image.ts';
import { followBuild, nextToTry, type BuildOutcome } from './build-output.ts';
import { contentHash, hashLabel } from './content-hash.ts';
import { packContext, readContext, type ContextFile } from './context.ts';
import { ImageBuildError } from './errors.ts';
import { inspectImage } from './inspect.ts';
import type { Manifest } from './manifest.ts';
import { programFiles } from './program.ts';
import type { WorkOptions } from './progress.ts';
import { PullError, pullImage } from './pull.ts';
import { hashTag, splitReference } from './reference.ts';
import type { ResolvedImage } from './resolved-image.ts';
import type { Variables } from '../core/variables.ts';

/** How long nothing may happen during a pull before alpy builds the image instead, in `ms`. */
const reuseStallMs = 20_000;

/** What was done for one image. */
export interface ImageResult {
  readonly image: ResolvedImage;
  /** `present`: nothing to do */
  readonly action: 'present' | 'built' | 'pulled' | 'reused';
  /** how long it took, in `ms` */
  readonly durationMs: number;
}

/** What {@link buildImage} needs for every image. */
export interface BuildInputs {
  readonly docker: Docker;
  readonly manifest: Manifest;
  readonly base: BaseImage;
  /** the environment, with logins for registries */
  readonly env: Variables;
  /** whether to look in the registry first for an image that was built from the same files */
  readonly reuse: boolean;
  /** proxies for the programs in the build */
  readonly variables: () => Promise<Readonly<Record<string, string>>>;
}

/** One image to build, with its files and their hash. */
interface Build {
  readonly image: ResolvedImage;
  readonly files: readonly ContextFile[];
  readonly hash: string;
}

/**
 * Builds an image with the classic builder and the host's network, unless the daemon already has one from the same files and
 * the same base.
 * @throws {@link ImageBuildError}
 * @throws UsageError if the image contains alpy itself and this alpy is not a clone of its repository
 */
export async function buildImage(inputs: BuildInputs, image: ResolvedImage, options: WorkOptions = {}): Promise<ImageResult> {
  const startMs = performance.now();
  const done = (action: ImageResult['action']): ImageResult => ({ image, action, durationMs: performance.now() - startMs });
  const { docker, manifest, base } = inputs;
  const entry = manifest.images[image.name];
  if (!entry) throw new BugError(`image ${image.name} has no entry in ${manifest.file}`);
  const folder = path.join(path.dirname(manifest.file), entry.folder);
  const files = [...(await readContext(folder)), ...(entry.program ? await programFiles() : [])];
  const build = { image, files, hash: contentHash(files, base.id, entry) };
  if (await isPresent(docker, build, options)) return done('present');
  if (inputs.reuse && (await reuseImage(inputs, build, options))) return done('reused');
  const outcome = await runBuild(inputs, build, options);
  if (outcome.ok) return done('built');
  const byHand = `docker build --network=host --build-arg BASE_IMAGE=${base.reference} ${folder}`;
  throw new ImageBuildError({
    image: image.name,
    reference: image.reference,
    next: nextToTry(outcome.lastLines, byHand),
    ...outcome,
  });
}

async function isPresent(docker: Docker, { image, hash }: Build, { signal }: WorkOptions): Promise<boolean> {
  return (await inspectImage(docker, image.reference, signal))?.hash === hash;
}

/** Pulls an image that was built from the same files. @returns whether the registry has one */
async function reuseImage({ docker, env }: BuildInputs, build: Build, options: WorkOptions): Promise<boolean> {
  const { repository, tag } = splitReference(build.image.reference);
  const source = `${repository}:${hashTag(build.hash)}`;
  try {
    const authconfig = await registryLogin(source, env, options.signal);
    await pullImage(docker, source, { ...options, stallMs: reuseStallMs, authconfig });
  } catch (error) {
    if (!(error instanceof PullError)) throw error;
    return false; // not pushed yet
  }
  await docker.getImage(source).tag({ repo: repository, tag });
  return isPresent(docker, build, options);
}

async function runBuild(
  { docker, base, variables }: BuildInputs,
  { image, files, hash }: Build,
  { onLine, signal }: WorkOptions,
): Promise<BuildOutcome> {
  const buildargs = { ...(await variables()), BASE_IMAGE: base.reference };
  try {
    const stream = await docker.buildImage(packContext(files), {
      t: image.reference,
      buildargs,
      labels: { [hashLabel]: hash },
      networkmode: 'host', // a daemon without a bridge has no other network, and builds only fetch packages
      version: '1', // every Engine has the classic builder; BuildKit would need a session
      forcerm: true,
      ...(signal && { abortSignal: signal }),
    });
    return await followBuild(stream, (line) => onLine?.(image.name, line));
  } catch (error) {
    signal?.throwIfAborted();
    return { ok: false, step: 'ask the Docker daemon to build', reason: messageOf(error), lastLines: [] };
  }
}
