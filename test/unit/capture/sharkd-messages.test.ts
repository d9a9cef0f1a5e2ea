// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { SharkdFailure } from '../../../src/capture/errors.ts';
import { findColumns, framesOf, framesParameters, parseAnswer, requestLine } from '../../../src/capture/sharkd-messages.ts';

const columns = { protocol: '34', info: '25' };
const asked = { column0: 'frame.time_epoch:1', column1: 'frame.len:1', column2: '34', column3: '25' };

test('a request is one line, whatever it contains', () => {
  expect(requestLine(7, 'check', { filter: 'frame contains "ü\\n"\n' })).toBe(
    '{"jsonrpc":"2.0","id":7,"method":"check","params":{"filter":"frame contains \\"ü\\\\n\\"\\n"}}\n',
  );
});

test('a request for frames names columns, and a filter and a limit if there are any', () => {
  expect(framesParameters(columns, { filter: '' })).toEqual(asked);
  expect(framesParameters(columns, { filter: 'icmp', limit: 1 })).toEqual({ filter: 'icmp', limit: 1, ...asked });
});

test('an answer is a result or an error', () => {
  expect(parseAnswer('{"jsonrpc":"2.0","id":1,"result":[]}')).toEqual({ kind: 'result', id: 1, result: [] });
  expect(parseAnswer('{"jsonrpc":"2.0","id":12,"error":{"code":-13002,"message":"Filter expression invalid"}}')).toEqual({
    kind: 'error',
    id: 12,
    reason: 'Filter expression invalid',
  });
  expect(parseAnswer('{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid JSON(1)"}}')).toEqual({
    kind: 'error',
    id: undefined,
    reason: 'Invalid JSON(1)',
  });
});

test.each(['', 'Segmentation fault', '[]', '{"id":1}', '{"result":{}}'])('%j is not an answer', (line) => {
  expect(() => parseAnswer(line)).toThrow(SharkdFailure);
});

test('columns are found by their formats', () => {
  const formats = ['%Yt', '%i', '%Cus', '%p'].map((format) => ({ name: 'Name', format }));
  expect(findColumns({ version: '4.4', columns: formats })).toEqual({ protocol: '3', info: '1' });
  expect(() => findColumns({ columns: formats.slice(0, 3) })).toThrow(SharkdFailure);
  expect(() => findColumns(undefined)).toThrow(SharkdFailure);
});

test('rows become frames', () => {
  const info = 'Echo (ping) request  id=0x0001, seq=1/256, ttl=63 (reply in 5)';
  const row = { c: ['1700000000.250000000', '98', 'ICMP', info], num: 3, bg: 'fce0ff', fg: '12272e' };
  expect(framesOf([row])).toEqual([
    { number: 3, timeMs: 1_700_000_000_250, lengthBytes: 98, protocol: 'ICMP', info, fields: {} },
  ]);
  expect(framesOf([])).toEqual([]);
  expect(() => framesOf({})).toThrow(SharkdFailure);
  expect(() => framesOf([{ num: 3 }])).toThrow(SharkdFailure);
});
