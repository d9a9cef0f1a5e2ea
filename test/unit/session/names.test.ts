// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { containerNamed, dutNamed, linkNamed, nodeNamed, type Session } from '../../../src/session/session.ts';

const names = (...all: readonly string[]) => all.map((name) => ({ name, container: { name } }));

const session = {
  testbed: { duts: names('left', 'right'), nodes: names('client', 'server'), links: names('client--left:0', 'lan') },
  services: new Map([['web', { container: { name: 'web' } }]]),
} as unknown as Session;

test('devices, nodes, links and segments are found by their names', () => {
  expect(dutNamed(session, 'right').name).toBe('right');
  expect(nodeNamed(session, 'server').name).toBe('server');
  expect(linkNamed(session, 'client--left:0').name).toBe('client--left:0');
  expect(containerNamed(session, 'client').name).toBe('client');
  expect(containerNamed(session, 'web').name).toBe('web');
});

test('a device need not be named if there is only one', () => {
  const one = { testbed: { duts: names('dut') } } as unknown as Session;
  expect(dutNamed(one).name).toBe('dut');
  expect(() => dutNamed(session)).toThrow('expected the name of a device, got none; there are: left, right');
});

test.each([
  [() => dutNamed(session, 'lft'), 'there is no device "lft"; there are: left, right. Did you mean left?'],
  [() => dutNamed(session, 'x'), /^there is no device "x"; there are: left, right$/],
  [() => nodeNamed(session, 'clint'), 'there is no node "clint"; there are: client, server. Did you mean client?'],
  [() => linkNamed(session, 'lam'), 'there is no link "lam"; there are: client--left:0, lan. Did you mean lan?'],
  [() => containerNamed(session, 'wbe'), /^there is no node or service "wbe"; there are: client, server, web$/],
  [() => containerNamed(session, 'wep'), 'there are: client, server, web. Did you mean web?'],
])('another name is refused, with the known ones and the most similar one', (look, message) => {
  expect(look).toThrow(message);
});
