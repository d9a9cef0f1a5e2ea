// SPDX-License-Identifier: GPL-3.0-or-later
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { exitStatusOf } from '../../../src/core/exit-status.ts';
import { Container, type Engine, type Lifeline } from '../../../src/docker/index.ts';
import { App, type Node } from '../../../src/network/index.ts';

/** An app that ends with SIGKILL as soon as `end` is called or it is sent a signal. */
async function startApp(): Promise<{ readonly app: App; readonly end: () => void; readonly stdout: PassThrough }> {
  const exited = Promise.withResolvers<ReturnType<typeof exitStatusOf>>();
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const end = (): void => {
    exited.resolve(exitStatusOf(137));
    for (const stream of [stdout, stderr]) stream.end();
  };
  const container = {
    ...{ name: 'iperf3@node0', stdout, stderr, exited: exited.promise },
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
  return { app: await App.start(place, { node: { name: 'node0' } as Node, command: ['iperf3'] }, 'image'), end, stdout };
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
