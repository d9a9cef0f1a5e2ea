// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, onTestFinished, test } from 'vitest';
import { Engine } from '../../../src/docker/engine.ts';
import { checkLabels } from '../../../src/docker/image-labels.ts';
import { FakeDaemon } from '../../support/fake-daemon.ts';

/** A daemon that knows these images. `asked`: which ones it was asked about. */
async function daemonWith(images: Readonly<Record<string, object | null>>): Promise<{ engine: Engine; asked: string[] }> {
  const asked: string[] = [];
  const daemon = await FakeDaemon.open((request, response) => {
    const [, name] = /^\/images\/([^/]+)\/json/.exec(request.url ?? '') ?? [];
    if (name === undefined) return false;
    asked.push(name);
    if (name in images) response.end(JSON.stringify({ Config: { Labels: images[name] } }));
    else response.writeHead(404).end(JSON.stringify({ message: 'No such image' }));
    return true;
  });
  const engine = await Engine.connect({ socketPath: daemon.socketPath, runId: 'mine', isGuarded: false });
  onTestFinished(async () => {
    engine[Symbol.dispose]();
    await daemon[Symbol.asyncDispose]();
  });
  return { engine, asked };
}

test('an image with a label that replaces exit statuses in events is refused', async () => {
  const { engine } = await daemonWith({ liar: { exitCode: '0', other: 'x' }, late: { execID: 'x' } });
  await expect(checkLabels(engine, 'liar')).rejects.toMatchObject({
    code: 'ALPY_USAGE',
    message:
      'liar: expected an image without the labels exitCode and execID, got exitCode. The Docker daemon reports them in place of ' +
      'the exit status of programs. Build the image without them',
  });
  await expect(checkLabels(engine, 'late')).rejects.toMatchObject({ code: 'ALPY_USAGE' });
});

test('the daemon is asked once for each image; one that does not exist is reported by its container', async () => {
  const { engine, asked } = await daemonWith({ plain: null, labelled: { maintainer: 'x' } });
  for (const image of ['plain', 'labelled', 'plain', 'absent']) await checkLabels(engine, image);
  expect(asked).toEqual(['plain', 'labelled', 'absent']);
});
