// SPDX-License-Identifier: GPL-3.0-or-later
import type { SyslogOptions } from '../../topology/index.ts';
import { jsonLine } from './http.ts';
import { unprivileged, withConfiguration, type ServicePlan } from './plan.ts';

/** A message that a syslog server got. */
export interface SyslogMessage {
  readonly client: string;
  /** such as `daemon` */
  readonly facility: string;
  /** such as `warning` */
  readonly severity: string;
  /** what sent it, without its PID */
  readonly program: string;
  readonly text: string;
}

/** The program of a syslog server. Pure. */
export function syslogPlan({ port = 514 }: SyslogOptions): ServicePlan {
  return {
    ...withConfiguration(configuration(port), 'rsyslogd -n -iNONE -f /tmp/alpy/conf'),
    ...unprivileged,
    ports: [
      { protocol: 'udp', port },
      { protocol: 'tcp', port },
    ],
  };
}

const configuration = (port: number): string => `global(workDirectory="/tmp/alpy" net.enableDNS="off")
module(load="imudp")
module(load="imtcp")
template(name="alpy" type="list" option.jsonf="on") {
${Object.entries({
  client: 'fromhost-ip',
  facility: 'syslogfacility-text',
  severity: 'syslogseverity-text',
  program: 'programname',
  text: 'msg',
})
  .map(([key, property]) => `  property(outname="${key}" name="${property}" format="jsonf")`)
  .join('\n')}
}
ruleset(name="network") { action(type="omfile" file="/dev/stdout" template="alpy") }
input(type="imudp" port="${port}" ruleset="network")
input(type="imtcp" port="${port}" ruleset="network")`;

/** Returns the message that a line of a syslog server tells of, if it does. Pure. */
export function readSyslog(line: string): SyslogMessage | undefined {
  const value = jsonLine(line);
  if (!value) return undefined;
  const part = (name: string): string => (typeof value[name] === 'string' ? value[name] : '');
  return {
    client: part('client'),
    facility: part('facility'),
    severity: part('severity'),
    program: part('program'),
    text: part('text').trim(), // rsyslog keeps the blank after the colon
  };
}
