// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';
import type { Engine } from './engine.ts';
import { ContainerError } from './errors.ts';

/**
 * In its events, the daemon writes the labels of a container over its own attributes. So an image with the label `exitCode` would
 * decide with which status each of its programs seems to end.
 */
const reserved = ['exitCode', 'execID'];

/** The part of an answer that is used; the client's types lack the null. */
interface Inspected {
  readonly Config: { readonly Labels: Readonly<Record<string, string>> | null };
}

const checks = new WeakMap<Engine, Map<string, Promise<void>>>();

/**
 * Asserts that an image has no label that falsifies the daemon's events. Asks the daemon once for each image.
 * @throws UsageError if it has one
 */
export function checkLabels(engine: Engine, image: string, signal?: AbortSignal): Promise<void> {
  const ofEngine = checks.get(engine) ?? new Map<string, Promise<void>>();
  checks.set(engine, ofEngine);
  const known = ofEngine.get(image);
  if (known) return known;
  const check = inspectLabels(engine, image, signal);
  ofEngine.set(image, check);
  check.catch(() => ofEngine.delete(image)); // it may have been cancelled, or the image is replaced
  return check;
}

async function inspectLabels(engine: Engine, image: string, signal: AbortSignal | undefined): Promise<void> {
  const labels = await labelsOf(engine, image, signal);
  const found = reserved.filter((name) => Object.hasOwn(labels, name));
  if (found.length > 0)
    throw new UsageError(
      `${image}: expected an image without the labels ${reserved.join(' and ')}, got ${found.join(' and ')}. The Docker daemon reports them in place of the exit status of programs. Build the image without them`,
    );
}

/** The labels of an image; none if there is no such image, which its container's creation reports. */
async function labelsOf(
  engine: Engine,
  image: string,
  signal: AbortSignal | undefined,
): Promise<Readonly<Record<string, string>>> {
  try {
    const { Config } = (await engine.call(`inspect ${image}`, signal, () =>
      engine.docker.getImage(image).inspect(),
    )) as Inspected;
    return Config.Labels ?? {};
  } catch (error) {
    if (error instanceof ContainerError && error.statusCode === 404) return {};
    throw error;
  }
}
