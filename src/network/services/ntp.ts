// SPDX-License-Identifier: GPL-3.0-or-later
import type { NtpOptions } from '../../topology/index.ts';
import { withConfiguration, type ServicePlan } from './plan.ts';

/** A question to an NTP server. */
export interface NtpRequest {
  readonly client: string;
}

/** The program of an NTP server, which never sets a clock. It does not log its clients, so tcpdump shows them. Pure. */
export function ntpPlan({ stratum = 8 }: NtpOptions): ServicePlan {
  const configuration = `allow\nlocal stratum ${stratum}\ncmdport 0\nbindcmdaddress /\npidfile /tmp/alpy/pid`;
  const asked = `tcpdump -i any -n -l -t --immediate-mode -Z root udp dst port 123`;
  return {
    ...withConfiguration(configuration, 'chronyd -x -U -u root -d -f /tmp/alpy/conf', [`{ ${asked} & }`]),
    capabilities: ['NET_RAW'], // of tcpdump
    isRoot: true,
    ports: [{ protocol: 'udp', port: 123 }],
    announcement: 'listening on any', // by tcpdump
  };
}

/** Returns the request that a line of an NTP server tells of, if it does. Pure. */
export function readNtp(line: string): NtpRequest | undefined {
  const client = /^\S+ +In +IP6? (?<client>\S+)\.\d+ > \S+\.123: NTPv\d, Client/.exec(line)?.groups?.['client'];
  return client === undefined ? undefined : { client };
}
