// SPDX-License-Identifier: GPL-3.0-or-later
import path from 'node:path';
import type Docker from 'dockerode';
import { BugError, messageOf } from '../core/errors.ts';
import { registryLogin } from './auth.ts';
import type { BaseImage } from './base-image.ts';
import { followBuild, nextToTry, type BuildOutcome } from './build-output.ts';
import { contentHash, hashLabel } from './content-hash.ts';
import { packContext, readContext } from './context.ts';
import { ImageBuildError } from './errors.ts';
import { inspectImage } from './inspect.ts';
import type { Manifest } from './manifest.ts';
import { programFiles } from './program.ts';
import type { WorkOptions } from './progress.ts';
import { PullError, pullImage } from './pull.ts';
import { hashTag, splitReference } from './reference.ts';
import type { ResolvedImage } from './resolved-image.ts';
import type { Variables } from '../core/variables.ts';

/** What became of one image. */
export interface ImageResult {
  readonly image: ResolvedImage;
  /** `present`: nothing was to do */
  readonly action: 'present' | 'built' | 'pulled' | 'reused';
  /** how long it took, in `ms` */
  readonly durationMs: number;
}

/** What {@link buildImage} builds with. */
export interface BuildInputs {
  readonly docker: Docker;
  readonly manifest: Manifest;
  readonly base: BaseImage;
  /** the environment, with the logins of registries */
  readonly env: Variables;
  /** whether to look in the registry for an image that was built from the same files, before building one */
  readonly reuse: boolean;
  /** proxies, for the programs inside the build */
  readonly variables: () => Promise<Readonly<Record<string, string>>>;
}

/**
 * Builds one image with the classic builder and the host's network, unless the daemon already has it from the same files
 * on the same base.
 * @throws {@link ImageBuildError}
 * @throws UsageError when the image holds alpy itself, and this alpy is no clone of its repository
 */
export async function buildImage(inputs: BuildInputs, image: ResolvedImage, options: WorkOptions = {}): Promise<ImageResult> {
  const startMs = performance.now();
  const { docker, manifest, base } = inputs;
  const entry = manifest.images[image.name];
  if (!entry) throw new BugError(`image ${image.name} has no entry in ${manifest.file}`);
  const folder = path.join(path.dirname(manifest.file), entry.folder);
  const files = [...(await readContext(folder)), ...(entry.program ? await programFiles() : [])];
  const hash = contentHash(files, base.id, entry);
  const present = (await inspectImage(docker, image.reference, options.signal))?.hash === hash;
  if (present) return { image, action: 'present', durationMs: performance.now() - startMs };

  const { onLine, signal } = options;
  if (inputs.reuse && (await reuse())) return { image, action: 'reused', durationMs: performance.now() - startMs };
  const outcome = await run();
  if (!outcome.ok) {
    const byHand = `docker build --network=host --build-arg BASE_IMAGE=${base.reference} ${folder}`;
    throw new ImageBuildError({
      image: image.name,
      reference: image.reference,
      next: nextToTry(outcome.lastLines, byHand),
      ...outcome,
    });
  }
  return { image, action: 'built', durationMs: performance.now() - startMs };

  async function reuse(): Promise<boolean> {
    const { repository, tag } = splitReference(image.reference);
    const source = `${repository}:${hashTag(hash)}`;
    try {
      await pullImage(docker, source, {
        ...options,
        stallMs: 20_000,
        authconfig: await registryLogin(source, inputs.env, signal),
      });
    } catch (error) {
      if (!(error instanceof PullError)) throw error;
      return false; // nobody pushed one yet
    }
    await docker.getImage(source).tag({ repo: repository, tag });
    return (await inspectImage(docker, image.reference, signal))?.hash === hash;
  }

  async function run(): Promise<BuildOutcome> {
    const buildargs = { ...(await inputs.variables()), BASE_IMAGE: base.reference };
    try {
      const stream = await docker.buildImage(packContext(files), {
        t: image.reference,
        buildargs,
        labels: { [hashLabel]: hash },
        networkmode: 'host', // a daemon without a bridge has no other, and packages are all that is fetched
        version: '1', // every Engine has the classic builder; BuildKit wants a session
        forcerm: true,
        ...(signal && { abortSignal: signal }),
      });
      return await followBuild(stream, (line) => onLine?.(image.name, line));
    } catch (error) {
      signal?.throwIfAborted();
      return { ok: false, step: 'ask the Docker daemon to build', reason: messageOf(error), lastLines: [] };
    }
  }
}
