// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from 'vitest';
import { CommandEnvelope, numberIn } from '../../../src/access/serial-shell/command-envelope.ts';
import { plainState, unknownState, type RunTextOptions } from '../../../src/access/serial-shell/run-text.ts';

const kernelMessage = '[   12.345678] link up\r\n';

describe('the markers of a command', () => {
  const envelope = new CommandEnvelope();
  const { id } = envelope;
  test.each([
    ['ready', envelope.ready, `@@${id}R@@\r\n`, 0],
    ['begin', envelope.begin, `@@${id}B@@\r\n`, 0],
    ['end', envelope.end, `@@${id}E0127@@`, 127],
    ['acknowledgement', envelope.acknowledged, `@@${id}A000042@@`, 42],
  ] as const)('%s is found wherever a kernel message cuts it', (_name, pattern, marker, number) => {
    for (let at = 0; at < marker.length; at += 1) {
      const match = pattern.exec(`x\r\n${marker.slice(0, at)}${kernelMessage}${marker.slice(at)}output`);
      expect({ at, number: numberIn(match?.groups ?? {}) }).toEqual({ at, number });
      expect({ at, after: match?.input.slice(match.index + match[0].length) }).toEqual({ at, after: 'output' });
    }
  });

  test('a typed line contains no marker, and fits the line editor of busybox', () => {
    const redirect = `</dev/null >/tmp/alpy-0123456789ab 2>&1`;
    const all: RunTextOptions[] = [true, false].flatMap((keepState) =>
      [plainState, unknownState].flatMap((state) => [true, false].map((isOwn) => ({ redirect, keepState, isOwn, state }))),
    );
    for (const options of all) {
      for (const line of [envelope.opening(options, true), envelope.wholeLine('a'.repeat(500), options) ?? 'too long']) {
        expect(line.length).toBeLessThan(1000);
        for (const pattern of [envelope.ready, envelope.begin, envelope.end, envelope.acknowledged])
          expect(`\n${line}\r\n`).not.toMatch(pattern);
      }
      expect(envelope.wholeLine('a'.repeat(1000), options)).toBeUndefined();
    }
  });
});
