// SPDX-License-Identifier: GPL-3.0-or-later
import { asList } from '../core/list.ts';
import type { ResolverConfig } from '../topology/index.ts';

/** Content of /etc/resolv.conf. Pure. @param config - checked: it becomes lines of the file */
export function resolverText({ servers, search }: ResolverConfig): string {
  const domains = asList(search);
  return [
    ...asList(servers).map((server) => `nameserver ${server}\n`),
    ...(domains.length === 0 ? [] : [`search ${domains.join(' ')}\n`]),
  ].join('');
}
