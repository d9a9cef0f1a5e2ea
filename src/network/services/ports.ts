// SPDX-License-Identifier: GPL-3.0-or-later
import type { ServicePort } from './plan.ts';

/** Prints the sockets of a network namespace, for {@link listeningPorts}. */
export const printSockets = 'for table in tcp tcp6 udp udp6; do echo $table; cat /proc/net/$table 2>/dev/null || :; done';

const listening = { tcp: '0A', udp: '07' } as const;

/** The ports on which programs listen, from the output of {@link printSockets}. Pure. */
export function listeningPorts(output: string): readonly ServicePort[] {
  let protocol: ServicePort['protocol'] = 'tcp';
  return output.split('\n').flatMap((line) => {
    if (/^(tcp|udp)6?$/.test(line)) protocol = line.startsWith('tcp') ? 'tcp' : 'udp';
    const found = /^ *\d+: [\dA-F]+:(?<port>[\dA-F]{4}) [\dA-F]+:[\dA-F]{4} (?<state>[\dA-F]{2}) /.exec(line)?.groups;
    if (found?.['state'] !== listening[protocol]) return [];
    return [{ protocol, port: Number.parseInt(found['port'] ?? '', 16) }];
  });
}

/** Those of some ports on which a program listens, from the output of {@link printSockets}. Pure. */
export function takenPorts(output: string, wanted: readonly ServicePort[]): readonly ServicePort[] {
  const taken = listeningPorts(output);
  return wanted.filter((one) => taken.some(({ protocol, port }) => protocol === one.protocol && port === one.port));
}

/** `UDP port 67 and TCP port 80` */
export function portsText(ports: readonly ServicePort[]): string {
  return ports.map(({ protocol, port }) => `${protocol.toUpperCase()} port ${port}`).join(' and ');
}
