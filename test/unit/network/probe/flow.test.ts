// SPDX-License-Identifier: GPL-3.0-or-later
import { PassThrough } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { exitStatusOf, type ExitStatus } from '../../../../src/core/exit-status.ts';
import type { Node } from '../../../../src/network/index.ts';
import { Flow, type FlowSpec } from '../../../../src/network/probe/flow.ts';

/** For what a busy machine does later. */
const soon = { timeout: 20_000, interval: 5 };

/** A program in a container that does what the test says. */
class FakeProgram {
  /** it has been asked for */
  readonly asked = Promise.withResolvers<void>();
  readonly started = Promise.withResolvers<PassThrough>();
  readonly exited = Promise.withResolvers<ExitStatus>();
  stdout: PassThrough | undefined;
  stderr: PassThrough | undefined;

  /** A flow from a node to itself; all that it starts is this program. */
  get spec(): FlowSpec {
    const engine = {
      call: (_what: string, _signal: unknown, body: () => unknown) => body(),
      exits: { exitOf: () => this.exited.promise, forget: () => undefined },
      docker: {
        modem: {
          demuxStream: (_stream: PassThrough, stdout: PassThrough, stderr: PassThrough) => {
            Object.assign(this, { stdout, stderr });
          },
        },
      },
    };
    const start = (): Promise<PassThrough> => {
      this.asked.resolve();
      return this.started.promise;
    };
    const container = { name: 'node1', engine, handle: { exec: () => Promise.resolve({ id: 'receiver', start }) } };
    const node = { name: 'node1', container, containerFor: () => ({ container }) } as unknown as Node;
    return { from: node, receiver: node, to: '192.0.2.1', port: 7007, perSecond: 1000, sizeBytes: 64 };
  }
}

test('a program that starts only after the flow has given up is ended', async () => {
  const program = new FakeProgram();
  const stop = new AbortController();
  const flow = Flow.start(program.spec, { timeoutMs: 5000, signal: stop.signal });
  await program.asked.promise;
  stop.abort(new Error('stopped'));
  await expect(flow).rejects.toThrow('stopped');
  const stdin = new PassThrough();
  program.started.resolve(stdin);
  await vi.waitFor(() => {
    expect(stdin.writableEnded).toBe(true);
  }, soon);
});

test('the error about a program that ends has what it said, also if that arrives after its exit status', async () => {
  const program = new FakeProgram();
  const flow = Flow.start(program.spec, { timeoutMs: 20_000 });
  await program.asked.promise;
  const stream = new PassThrough();
  program.started.resolve(stream);
  program.exited.resolve(exitStatusOf(98));
  setImmediate(() => {
    program.stderr!.write('UDP port 7007: Address already in use\n');
    stream.destroy();
  });
  await expect(flow).rejects.toMatchObject({
    fault: 'usage',
    message: 'probe(node1, node1): the receiver on node1 ended with exit status 98: UDP port 7007: Address already in use',
  });
});

test('an image without perl is a mistake of the configuration', async () => {
  const program = new FakeProgram();
  const flow = Flow.start(program.spec, { timeoutMs: 20_000 });
  await program.asked.promise;
  const stream = new PassThrough();
  program.started.resolve(stream);
  program.exited.resolve(exitStatusOf(127));
  stream.destroy();
  await expect(flow).rejects.toMatchObject({
    fault: 'usage',
    message: 'probe(node1, node1): the image of node1 lacks perl. Use one for nodes that has it',
  });
});

/** What a program prints; see records.ts. */
function recordOf(first: number, second: number, third: number): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt32LE(first);
  bytes.writeBigUInt64LE(BigInt(second), 4);
  bytes.writeBigUInt64LE(BigInt(third), 12);
  return bytes;
}

test('a flow that has ended says so, and when to ask it', async () => {
  const program = new FakeProgram();
  const starting = Flow.start(program.spec, { timeoutMs: 20_000 });
  await program.asked.promise;
  const stream = new PassThrough();
  stream.once('finish', () => {
    program.exited.resolve(exitStatusOf(0)); // with its standard input
  });
  program.started.resolve(stream);
  await vi.waitFor(() => {
    expect(program.stdout).toBeDefined();
  }, soon);
  program.stdout!.write(Buffer.concat([recordOf(0xffff_ffff, 7007, 0), recordOf(0, 1_000_000, 2_000_000)]));
  const flow = await starting;
  await flow[Symbol.asyncDispose]();
  const ended = 'probe(node1, node1): it has ended. Ask it before the end of its block';
  await expect(flow.report()).rejects.toMatchObject({ fault: 'usage', message: ended });
  await expect(flow.recovery(100, { timeoutMs: 100, mayBeUnbroken: true })).rejects.toThrow(ended);
});
