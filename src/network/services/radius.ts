// SPDX-License-Identifier: GPL-3.0-or-later
import type { RadiusOptions } from '../../topology/index.ts';
import { unprivileged, withConfiguration, type ServicePlan } from './plan.ts';

/** A log-in that a RADIUS server was asked about. */
export interface RadiusRequest {
  readonly user: string;
  readonly isAccepted: boolean;
}

/** The program of a RADIUS server, for PAP and CHAP. Pure. */
export function radiusPlan({ secret, users }: RadiusOptions): ServicePlan {
  // the name of its configuration file must end with `.conf`
  const { command, environment } = withConfiguration(configuration(secret), 'freeradius -f -l stdout -d /tmp/alpy -n conf', [
    'mv /tmp/alpy/conf /tmp/alpy/conf.conf',
    String.raw`printf '%s\n' "$ALPY_USERS" >/tmp/alpy/users`,
  ]);
  const lines = Object.entries(users).map(([user, password]) => `${user} Cleartext-Password := ${quoted(password)}`);
  return {
    command,
    environment: { ...environment, ALPY_USERS: lines.join('\n') },
    ...unprivileged,
    ports: [
      { protocol: 'udp', port: 1812 },
      { protocol: 'udp', port: 1813 },
    ],
  };
}

const configuration = (secret: string): string => `prefix = /usr
libdir = /usr/lib/freeradius
raddbdir = /tmp/alpy
logdir = /tmp/alpy
run_dir = /tmp/alpy
log {
  destination = stdout
  auth = yes
}
security {
  status_server = yes
}
client ipv4 {
  ipaddr = 0.0.0.0/0
  secret = ${quoted(secret)}
}
client ipv6 {
  ipv6addr = ::/0
  secret = ${quoted(secret)}
}
modules {
  pap {
  }
  chap {
  }
  files {
    filename = /tmp/alpy/users
  }
  always ok {
    rcode = ok
  }
}
server default {
  listen {
    type = auth
    ipaddr = *
    port = 1812
  }
  listen {
    type = auth
    ipv6addr = ::
    port = 1812
  }
  listen {
    type = acct
    ipaddr = *
    port = 1813
  }
  authorize {
    chap
    files
    pap
  }
  authenticate {
    Auth-Type PAP {
      pap
    }
    Auth-Type CHAP {
      chap
    }
  }
  accounting {
    ok
  }
}`;

/** A text in double quotes, in which nothing is expanded. */
function quoted(text: string): string {
  return `"${text
    .replace(/[\\"]/g, String.raw`\$&`)
    .replaceAll('%', '%%')
    .replaceAll('$', String.raw`\$`)}"`;
}

/** Returns the log-in that a line of a RADIUS server tells of, if it does. Pure. */
export function readRadius(line: string): RadiusRequest | undefined {
  const found = /Auth: \(\d+\) +(?<result>Login OK|Login incorrect|Invalid user)[^[]*\[(?<user>[^\]/]*)/.exec(line)?.groups;
  return found && { user: found['user'] ?? '', isAccepted: found['result'] === 'Login OK' };
}
