// SPDX-License-Identifier: GPL-3.0-or-later
import { asList } from '../core/list.ts';
import {
  agentLoop,
  Container,
  ContainerError,
  trafficCapabilities,
  type Engine,
  type Lifeline,
  type Mount,
} from '../docker/index.ts';
import type { NodeSpec } from '../topology/index.ts';
import { nodeLimits } from './node-limits.ts';
import { refusedSysctl } from './sysctls.ts';

/** Where nodes are started. */
export interface NodePlace {
  readonly engine: Engine;
  readonly lifeline: Lifeline;
  /** settles when nodes may start, not before the lifeline runs */
  readonly startsAfter: Promise<void>;
  /** the `node` image */
  readonly image: string;
  /** a file with {@link hostsText} whose path is the same for the daemon; absent if the daemon sees no files of this machine */
  readonly hostsFile?: string | undefined;
  /** the same with the node's `resolverText`; absent if the node has no resolver */
  readonly resolverFile?: string | undefined;
}

/**
 * Alpy must not disturb a link. So a node generates no IPv6 address (hence no router solicitation and no duplicate address
 * detection), and does not drop packets because of an asymmetric route.
 */
const sysctls4 = {
  'net.ipv4.conf.all.rp_filter': '0',
  'net.ipv4.conf.default.rp_filter': '0',
  'net.ipv4.ip_unprivileged_port_start': '0', // for IPv6, too: servers beside the node need neither root nor capabilities
};
const sysctls6 = {
  'net.ipv6.conf.all.disable_ipv6': '0', // Docker disables it for containers without a Docker network
  'net.ipv6.conf.default.addr_gen_mode': '1',
  'net.ipv6.conf.default.accept_ra': '0',
  'net.ipv6.conf.default.dad_transmits': '0',
};

/**
 * `ip link set … netns PID` opens the namespace of a process. The kernel allows that only if the caller has all capabilities of
 * that process. So besides the process that takes commands, another one without capabilities holds the namespace. It prints its
 * PID when it has dropped them.
 */
const holdNamespace = `holder=$(setpriv --inh-caps=-all --bounding-set=-all sh -c 'echo $$; exec sleep infinity >/dev/null' </dev/null 2>/dev/null &)
${agentLoop}`;

/** Content of /etc/hosts in nodes and apps: what the daemon writes for containers without a Docker network. */
export const hostsText = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
`;

/** The files of a node that its apps share. Pure. */
export function fileMounts({ hostsFile, resolverFile }: NodePlace): readonly Mount[] {
  const mount = (source: string, target: string): Mount => ({ source, target, readOnly: false });
  return [
    ...(hostsFile === undefined ? [] : [mount(hostsFile, '/etc/hosts')]),
    ...(resolverFile === undefined ? [] : [mount(resolverFile, '/etc/resolv.conf')]),
  ];
}

/** Starts the container of a node. @throws ContainerError if the daemon refuses, UsageError if the kernel refuses a setting */
export async function startContainer(place: NodePlace, { name, config }: NodeSpec, signal?: AbortSignal): Promise<Container> {
  const { engine, lifeline, startsAfter, image, hostsFile } = place;
  const { resolver, sysctls = {} } = config ?? {};
  const own = Object.fromEntries(Object.entries(sysctls).map(([key, value]) => [key, String(value)]));
  const spec = {
    name,
    image,
    entrypoint: ['sh', '-c', holdNamespace],
    command: [],
    networkMode: hostsFile === undefined ? 'none' : 'bare',
    ...(resolver ? { resolver: { servers: asList(resolver.servers), search: asList(resolver.search) } } : {}),
    mounts: fileMounts(place),
    pidMode: lifeline.namespace,
    startsAfter,
    sharedMemory: false,
    ...nodeLimits,
    ...trafficCapabilities(),
  };
  try {
    return await Container.start(engine, { ...spec, sysctls: { ...sysctls4, ...sysctls6, ...own } }, signal);
  } catch (error) {
    const refused = refusedSysctl(name, sysctls, error);
    if (refused) throw refused;
    // a kernel without IPv6 does not have these settings, and does not need them
    if (!(error instanceof ContainerError && error.message.includes('net/ipv6') && error.message.includes('no such file')))
      throw error;
    return await Container.start(engine, { ...spec, sysctls: { ...sysctls4, ...own } }, signal);
  }
}
