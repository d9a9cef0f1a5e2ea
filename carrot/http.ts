// SPDX-License-Identifier: GPL-3.0-or-later
import type { App, Apps, Node } from 'alpy';

/** Starts a web server on port 80 of a node that answers every request with `text`, and waits until it listens. */
export async function serveHttp(apps: Apps, node: Node, text: string): Promise<App> {
  // httpd goes to the background once it listens
  const script =
    'mkdir /tmp/www; printf %s "$0" >/tmp/www/index.html; busybox httpd -p 80 -h /tmp/www; echo listening; exec sleep infinity';
  const server = await apps.start({ node, name: 'httpd', command: ['sh', '-ec', script, text] });
  await server.waitForOutput(/^listening$/);
  return server;
}

/** Gets a page `count` times, each time over a new connection; returns the answers. */
export async function getMany(apps: Apps, node: Node, url: string, count: number): Promise<readonly string[]> {
  const each = `curl -sS --max-time 10 -w '\\n' ${url}`;
  const { stdout } = await apps.run({
    node,
    name: 'curl',
    command: ['sh', '-ec', `for i in $(seq ${count}); do ${each}; done`],
  });
  return stdout.trim().split('\n');
}
