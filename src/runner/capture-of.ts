// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';
import type { Capture } from '../capture/index.ts';
import type { Link } from '../testbed/index.ts';

/** The capture of a link. Pure. @param link - its number or name @throws UsageError that lists the links, if there is no such link */
export function captureOf(links: readonly Pick<Link, 'name' | 'capture'>[], link: number | string): Capture {
  const found = typeof link === 'number' ? links[link] : links.find(({ name }) => name === link);
  if (found) return found.capture;
  const names = links.map(({ name }) => name).join(', ') || 'none';
  throw new UsageError(
    `capture: expected a link of the topology (${names}) or its number from 0, got ${JSON.stringify(link)}. Use one of these, or add it to the topology`,
  );
}
