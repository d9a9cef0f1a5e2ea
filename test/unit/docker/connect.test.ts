// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { reach } from '../../../src/docker/connect.ts';
import { daemonPlace } from '../../../src/docker/place.ts';

const wait = { timeoutMs: 5000 };

/** A free port on loopback. Nothing else in the tests takes it before it is used. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('alpy waits for a daemon of DOCKER_HOST that starts late, and says so once', async () => {
  const port = await freePort();
  const place = daemonPlace({ DOCKER_HOST: `tcp://127.0.0.1:${port}` });
  const server = createServer((_request, response) => response.end(JSON.stringify({ Version: '99.1' })));
  const lines: string[] = [];
  const onWait = (text: string): void => {
    lines.push(text);
    setTimeout(() => server.listen(port, '127.0.0.1'), 600); // after the second attempt
  };
  const { version, requests } = await reach(place, { onWait }, wait);
  requests[Symbol.dispose]();
  server.closeAllConnections();
  server.close();
  expect(version.Version).toBe('99.1');
  expect(lines).toEqual([`waiting up to 30 s for the Docker daemon at tcp://127.0.0.1:${port} (DOCKER_HOST)`]);
});

test('if it never starts, the error says how long alpy waited', async () => {
  const place = daemonPlace({ DOCKER_HOST: `tcp://127.0.0.1:${await freePort()}` });
  await expect(reach(place, { lateMs: 600 }, wait)).rejects.toMatchObject({
    code: 'ALPY_DAEMON',
    message: expect.stringMatching(/: nothing answers there, after \d s\. Start the Docker daemon/) as string,
  });
});

test('a signal ends the wait', async () => {
  const place = daemonPlace({ DOCKER_HOST: `tcp://127.0.0.1:${await freePort()}` });
  const stop = new AbortController();
  const reason = new Error('stopped');
  const onWait = (): void => {
    stop.abort(reason);
  };
  await expect(reach(place, { onWait }, { ...wait, signal: stop.signal })).rejects.toBe(reason);
});

test('alpy waits for a socket only if DOCKER_HOST names it and its folder exists', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-late-'));
  const socket = join(folder.path, 'docker.sock');
  const waits = async (place: ReturnType<typeof daemonPlace>): Promise<boolean> => {
    const stop = new AbortController();
    const onWait = (): void => {
      stop.abort(new Error('it waits'));
    };
    const error: unknown = await reach(place, { onWait }, { ...wait, signal: stop.signal }).catch((cause: unknown) => cause);
    if (!stop.signal.aborted) expect(error).toMatchObject({ code: 'ALPY_DAEMON' });
    return stop.signal.aborted;
  };
  expect(await waits(daemonPlace({ DOCKER_HOST: `unix://${socket}` }))).toBe(true);
  expect(await waits(daemonPlace({ DOCKER_HOST: `unix://${folder.path}/none/docker.sock` }))).toBe(false);
  expect(await waits(daemonPlace({}, folder.path, socket))).toBe(false);
});
