// SPDX-License-Identifier: GPL-3.0-or-later
import { PassThrough } from 'node:stream';
import { expect, test, vi } from 'vitest';
import type { Node } from '../../../../src/network/index.ts';
import { Flow } from '../../../../src/network/probe/flow.ts';

test('a program that starts only after the flow has given up is ended', async () => {
  const [asked, started] = [Promise.withResolvers<void>(), Promise.withResolvers<PassThrough>()];
  const engine = {
    call: (_what: string, _signal: unknown, body: () => unknown) => body(),
    exits: { exitOf: () => Promise.withResolvers().promise, forget: () => undefined },
    docker: { modem: { demuxStream: () => undefined } },
  };
  const start = (): Promise<PassThrough> => {
    asked.resolve();
    return started.promise;
  };
  const handle = { exec: () => Promise.resolve({ id: 'receiver', start }) };
  const container = { name: 'node1', engine, handle };
  const node = { name: 'node1', container, containerFor: () => ({ container }) } as unknown as Node;
  const spec = { from: node, receiver: node, to: '192.0.2.1', port: 0, perSecond: 1000, sizeBytes: 64 };
  const stop = new AbortController();
  const flow = Flow.start(spec, { timeoutMs: 5000, signal: stop.signal });
  await asked.promise;
  stop.abort(new Error('stopped'));
  await expect(flow).rejects.toThrow('stopped');
  const stdin = new PassThrough();
  started.resolve(stdin);
  await vi.waitFor(() => {
    expect(stdin.writableEnded).toBe(true);
  });
});
