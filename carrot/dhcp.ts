// SPDX-License-Identifier: GPL-3.0-or-later
import type { Apps, Node } from 'alpy';

/** What a DHCP server assigned to a client. */
export interface Lease {
  readonly address: string;
  /** default route */
  readonly router: string;
  /** DNS server */
  readonly dns: string;
}

/** Requests an address by DHCP for a node without an address, and sets it. Returns undefined if no server offers one. */
export async function requestLease(apps: Apps, node: Node): Promise<Lease | undefined> {
  // udhcpc runs a script, with what the server assigned in variables
  const script = `#!/bin/sh -e
    [ "$1" = bound ] || exit 0
    ip address replace "$ip/$mask" dev "$interface"
    ip route replace default via "$router"
    echo "lease $ip $router $dns"`;
  const { stdout } = await apps.run(
    {
      node,
      name: 'udhcpc',
      command: ['busybox', 'udhcpc', '-i', 'eth0', '-n', '-q', '-t', '4', '-T', '1', '-s', '/bound'],
      files: [{ path: '/bound', content: script, mode: 0o755 }],
    },
    { check: false },
  );
  const [, address = '', router = '', dns = ''] = /^lease (\S+) (\S+) (\S*)$/m.exec(stdout) ?? [];
  return address === '' ? undefined : { address, router, dns };
}
