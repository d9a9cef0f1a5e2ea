// SPDX-License-Identifier: GPL-3.0-or-later
import { isJsonObject } from '../../core/json-object.ts';
import type { HttpOptions } from '../../topology/index.ts';
import { servedFolder, unprivileged, withConfiguration, type ServicePlan } from './plan.ts';

/** A request to a web server. */
export interface HttpRequest {
  readonly method: string;
  /** with its query */
  readonly path: string;
  readonly status: number;
  readonly client: string;
  /** what the client calls itself; empty if it does not */
  readonly userAgent: string;
}

/** The program of a web server. Pure. */
export function httpPlan({ port = 80, ...served }: HttpOptions): ServicePlan {
  return {
    ...withConfiguration(configuration(port), 'nginx -e stderr -c /tmp/alpy/conf'),
    ...unprivileged,
    ports: [{ protocol: 'tcp', port }],
    served,
  };
}

// One process, which writes only to /tmp; a line of JSON for each request. As root, it would otherwise give its folders to nobody, for
// which it lacks the capability; any other user ignores `user`.
const configuration = (port: number): string => `user root root;
daemon off;
master_process off;
pid /tmp/alpy/pid;
error_log stderr notice;
events { worker_connections 256; }
http {
  log_format alpy escape=json '{"method":"$request_method","path":"$request_uri","status":$status,"client":"$remote_addr","userAgent":"$http_user_agent"}';
  access_log /dev/stdout alpy;
  client_body_temp_path /tmp/alpy/body;
  proxy_temp_path /tmp/alpy/proxy;
  fastcgi_temp_path /tmp/alpy/fastcgi;
  uwsgi_temp_path /tmp/alpy/uwsgi;
  scgi_temp_path /tmp/alpy/scgi;
  default_type application/octet-stream;
  include /etc/nginx/mime.types;
  server {
    listen ${port};
    listen [::]:${port};
    root ${servedFolder};
    autoindex on;
  }
}`;

/** Returns the request that a line of a web server tells of, if it does: each when it has ended. Pure. */
export function readHttp(line: string): HttpRequest | undefined {
  const value = jsonLine(line);
  if (!value) return undefined;
  const { method, path, status, client, userAgent } = value;
  if (typeof status !== 'number') return undefined;
  return { method: String(method), path: String(path), status, client: String(client), userAgent: String(userAgent) };
}

/** The object in a line of JSON; undefined for any other line. Pure. */
export function jsonLine(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
