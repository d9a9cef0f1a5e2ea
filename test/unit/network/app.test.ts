// SPDX-License-Identifier: GPL-3.0-or-later
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { exitStatusOf } from '../../../src/core/exit-status.ts';
import { Container, type Engine, type Lifeline } from '../../../src/docker/index.ts';
import { App, type Node } from '../../../src/network/index.ts';

/** An app that ends with SIGKILL, or an exit code, as soon as `end` is called or it is sent a signal. */
async function startApp(exitCode = 137) {
  const exited = Promise.withResolvers<ReturnType<typeof exitStatusOf>>();
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const end = (): void => {
    exited.resolve(exitStatusOf(exitCode));
    for (const stream of [stdout, stderr]) stream.end();
  };
  const container = {
    ...{ name: 'iperf3@node0', stdout, stderr, exited: exited.promise, outOfMemoryKills: 0 },
    ...{
      logEndAfter: () => undefined,
      waitForExit: () => exited.promise,
      kill: async () => {
        await Promise.resolve();
        end();
      },
    },
  };
  const start = vi.spyOn(Container, 'start').mockResolvedValue(container as unknown as Container);
  onTestFinished(() => {
    start.mockRestore();
  });
  const place = { engine: {} as Engine, lifeline: {} as Lifeline };
  const node = { name: 'node0', shared: { networkMode: 'container:abc' } } as Node;
  const image = { reference: 'image', volumes: ['/data'] };
  return { app: await App.start(place, { node, command: ['iperf3'] }, image), end, stdout, stderr, container, start };
}

test('an app that is killed, but not by the test, is an error of the environment', async () => {
  const { app, end } = await startApp();
  end();
  await expect(app.wait()).rejects.toMatchObject({ fault: 'environment', message: /memory ran out/ });
});

test('an app that the test kills is not an error of the environment', async () => {
  const { app } = await startApp();
  await app.kill('SIGKILL');
  await expect(app.wait()).rejects.toMatchObject({
    fault: 'usage',
    message: expect.stringMatching(/^(?!.*memory).*the test sent SIGKILL \(app\.kill\)/) as string,
    exitStatus: 137,
    signal: 'SIGKILL',
  });
  await expect(app.waitForOutput(/ready/)).rejects.toMatchObject({ code: 'ALPY_APP_ENDED', fault: 'usage' });
  expect(await app.wait({ check: false })).toMatchObject({ exitStatus: 137 });
});

test('the error of a wait for output says what was awaited, and has the command and the last output of the app', async () => {
  const { app, end, stdout } = await startApp();
  stdout.write('starting\nno route\n');
  const details = [
    { title: 'Command of the app', lines: ['iperf3'] },
    { title: 'Last standard output of the app', lines: ['starting', 'no route'] },
  ];
  await expect(app.waitForOutput(/ready/, { timeoutMs: 50 })).rejects.toMatchObject({
    code: 'ALPY_CONTAINER_TIMEOUT',
    message: 'iperf3@node0: waited 50 ms for a line of its output that matches /ready/',
    details,
  });
  const waiting = app.waitForOutput(/ready/);
  end();
  await expect(waiting).rejects.toMatchObject({ code: 'ALPY_APP_ENDED', details });
});

test('an app that hits its limit of memory is a usage error', async () => {
  const { app, end, container } = await startApp();
  container.outOfMemoryKills = 1;
  end();
  await expect(app.wait()).rejects.toMatchObject({ fault: 'usage', message: /memoryMiB/ });
});

test('an app that cannot write to its root is a usage error, and a wait for its output that expires has the reason in its details', async () => {
  const { app, end, stderr } = await startApp(1);
  stderr.write('cannot create /www: Read-only file system\n');
  const limits = { title: 'Limits of the app', lines: [expect.stringContaining('writableRoot') as string] };
  await expect(app.waitForOutput(/ready/, { timeoutMs: 50 })).rejects.toMatchObject({
    code: 'ALPY_CONTAINER_TIMEOUT',
    details: expect.arrayContaining([limits]) as unknown,
  });
  end();
  await expect(app.wait()).rejects.toMatchObject({ code: 'ALPY_EXEC', fault: 'usage', message: /writableRoot/ });
});

test('an app has a read-only root, with folders in memory instead of the volumes of its image', async () => {
  const { start } = await startApp();
  expect(start.mock.lastCall?.[1]).toMatchObject({
    readOnlyRoot: true,
    tmpfs: { '/tmp': 256, '/run': 64, '/var/tmp': 64, '/data': 64 },
    memoryMiB: 512,
    pids: 512,
  });
});
