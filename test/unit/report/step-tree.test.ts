// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { log, step, withSink, type StepEvent } from '../../../src/core/step.ts';
import { stepLines, stepTree } from '../../../src/report/step-tree.ts';
import { begin, end, line, stepReport } from './build.ts';

test('what parallel steps with equal titles do is found under the right one', async () => {
  const events: StepEvent[] = [];
  const started = Promise.withResolvers<undefined>();
  const secondEnded = Promise.withResolvers<undefined>();
  const ping = (name: string, body: () => Promise<void>): Promise<void> =>
    step('test', 'Ping', async () => {
      await started.promise;
      log('test', `${name} logs`);
      await step('test', `Send for ${name}`, body);
    });
  await withSink(
    (event) => events.push(event),
    async () => {
      const first = ping('first', () => secondEnded.promise.then(() => Promise.reject(new Error('the first failed'))));
      const second = ping('second', () => Promise.resolve());
      started.resolve(undefined);
      await second;
      secondEnded.resolve(undefined);
      await expect(first).rejects.toThrow('the first failed');
    },
  );
  expect(stepTree(events)).toMatchObject([
    {
      title: 'Ping',
      error: 'the first failed',
      log: ['first logs'],
      children: [{ title: 'Send for first', error: 'the first failed' }],
    },
    { title: 'Ping', log: ['second logs'], children: [{ title: 'Send for second', durationMs: expect.any(Number) as number }] },
  ]);
  expect(stepTree(events).map(({ error }) => error)).toEqual(['the first failed', undefined]);
});

test('a tree keeps steps whose first or last event is missing, and lines that belong to no step', () => {
  const tree = stepTree([
    line('before'),
    begin('boot', { title: 'Boot', category: 'testbed.boot', timeMs: 1 }),
    begin('ping', { title: 'Ping', parentId: 'boot', timeMs: 2 }),
    line('pong', { stepId: 'ping' }),
    end('ping', { title: 'Ping', parentId: 'boot', timeMs: 5, durationMs: 3, error: 'lost' }),
    end('late', { title: 'Late', parentId: 'boot', timeMs: 7, durationMs: 2 }),
    begin('orphan', { title: 'Orphan', parentId: 'unknown', timeMs: 8 }),
    line('of a missing step', { stepId: 'unknown' }),
  ]);
  expect(tree).toEqual([
    stepReport({ title: 'Log', source: '', log: ['before', 'of a missing step'] }),
    stepReport({
      title: 'Boot',
      category: 'testbed.boot',
      timeMs: 1,
      children: [
        stepReport({ title: 'Ping', timeMs: 2, durationMs: 3, error: 'lost', log: ['pong'] }),
        stepReport({ title: 'Late', timeMs: 5, durationMs: 2 }),
      ],
    }),
    stepReport({ title: 'Orphan', timeMs: 8 }),
  ]);
  expect(stepLines(tree)).toEqual([
    'Log... not ended',
    '  | before',
    '  | of a missing step',
    'Boot... not ended',
    '  Ping... failed: lost',
    '    | pong',
    '  Late... done (0.00 s)',
    'Orphan... not ended',
  ]);
});

test('a step that logs endlessly ends with a note', () => {
  const lines = ['x'.repeat(65_536), 'y', 'z'].map((text) => line(text, { stepId: 'A' }));
  const [tree] = stepTree([begin('A'), ...lines]);
  expect(tree?.log.map((text) => text.slice(0, 60))).toEqual(['x'.repeat(60), '… further lines are in events.ndjson']);
});

test('reports of a test with very many steps say how many are missing', () => {
  const events = Array.from({ length: 5000 }, (_, n) => [begin(`Step ${n}`), end(`Step ${n}`)]).flat();
  const [log, ...steps] = stepTree(events);
  expect(log?.log).toEqual(['… 3000 further steps are in events.ndjson']);
  expect(steps).toHaveLength(2000);
  expect(steps.every(({ durationMs }) => durationMs === 1)).toBe(true);
});

test('steps that are nested too deeply are left out with all that is in them', () => {
  const nested = Array.from({ length: 60 }, (_, n) => begin(`${n}`, n === 0 ? {} : { parentId: `${n - 1}` }));
  const lines = stepLines(stepTree([...nested, line('shown', { stepId: '49' }), line('left out', { stepId: '59' })]));
  expect(lines.slice(0, 2)).toEqual(['Log... not ended', '  | … 10 further steps are in events.ndjson']);
  expect(lines.slice(-2).map((text) => text.trim())).toEqual(['49... not ended', '| shown']);
});

test('events that repeat an id do not make a tree without end', () => {
  const events = [begin('A', { parentId: 'A' }), begin('A', { parentId: 'A' }), end('A', { parentId: 'A' })];
  expect(stepTree(events)).toEqual([stepReport({ title: 'A', durationMs: 1 })]);
});
