// SPDX-License-Identifier: GPL-3.0-or-later
import { messageOf } from '../core/errors.ts';
import type { Engine } from '../docker/index.ts';
import { inspectImage, loadManifest, type ResolvedImage } from '../images/index.ts';
import { failure, type Finding } from './finding.ts';

/** Images that every testbed needs; the others are needed only by tests that use them. */
const requiredImages = ['qemu', 'node'];

/** Checks whether the daemon has an image. The image that jobs of GitLab CI run in is needed only there. */
export async function checkImage(engine: Engine, image: ResolvedImage, signal?: AbortSignal): Promise<Finding> {
  const finding = await find(engine, image, signal);
  return loadManifest().images[image.name]?.program === true ? { ...finding, isForCi: true } : finding;
}

async function find(engine: Engine, image: ResolvedImage, signal?: AbortSignal): Promise<Finding> {
  const name = `image ${image.name}`;
  const location = `${image.reference} (${image.origin})`;
  try {
    if (await inspectImage(engine.docker, image.reference, signal)) return { name, result: 'ok', text: location };
  } catch (error) {
    return failure(name, messageOf(error), 'alpy images list');
  }
  const result = requiredImages.includes(image.name) ? 'failure' : 'warning';
  const fix = ['alpy', 'images', image.buildable && image.origin === 'default' ? 'build' : 'pull', image.name];
  return { name, result, text: `${location} is missing`, remedy: fix.join(' '), fix };
}
