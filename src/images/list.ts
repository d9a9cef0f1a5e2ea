// SPDX-License-Identifier: GPL-3.0-or-later
import type Docker from 'dockerode';
import { alignColumns, printableJson, timeText } from '../core/text.ts';
import { inspectImage, type PresentImage } from './inspect.ts';
import type { ResolvedImage } from './resolved-image.ts';

/** An image with its location and its state in the daemon. */
export interface ImageRow extends ResolvedImage {
  /** absent if the daemon does not have it */
  readonly present?: PresentImage;
}

/** Looks up all images in parallel. */
export function listImages(docker: Docker, images: readonly ResolvedImage[], signal?: AbortSignal): Promise<readonly ImageRow[]> {
  return Promise.all(
    images.map(async (image): Promise<ImageRow> => {
      const present = await inspectImage(docker, image.reference, signal);
      return present ? { ...image, present } : image;
    }),
  );
}

/** The rows as a text table. @param nowMs - the time now, in `ms` since 1970 */
export function formatImages(rows: readonly ImageRow[], nowMs: number): string {
  const cells = [
    ['NAME', 'LOCATION', 'FROM', 'STATE'],
    ...rows.map(({ name, reference, origin, present }) => [name, reference, origin, present ? state(present, nowMs) : 'missing']),
  ];
  return alignColumns(cells).join('\n');
}

/** The rows as JSON. */
export function imagesJson(rows: readonly ImageRow[]): string {
  return printableJson(
    rows.map(({ name, reference, origin, present }) => ({
      name,
      location: reference,
      from: origin,
      state: present ? 'present' : 'missing',
      ...(present && { id: present.id, created: timeText(present.createdMs), sizeBytes: present.sizeBytes }),
    })),
    2,
  );
}

function state({ id, createdMs, sizeBytes }: PresentImage, nowMs: number): string {
  const size = `${Math.round(sizeBytes / 1_000_000)} MB`;
  const built = Number.isNaN(createdMs) ? 'built at an unknown time' : `${age(nowMs - createdMs)} old`;
  return `${id.replace('sha256:', '').slice(0, 12)}, ${built}, ${size}`;
}

function age(durationMs: number): string {
  const minutes = Math.max(0, Math.floor(durationMs / 60_000));
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}
