// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { SecretEcho } from '../../../src/console/secret-echo.ts';

/** What is recorded of output that comes in these pieces, after secrets were typed before it. */
function recorded(secrets: readonly string[], pieces: readonly string[]): string {
  const echo = new SecretEcho();
  for (const secret of secrets) echo.add(Buffer.from(secret), 0);
  let position = 0;
  const parts = pieces.map((piece) => {
    const chunk = Buffer.from(piece);
    const part = echo.take(chunk, position).toString();
    position += chunk.length;
    return part;
  });
  return parts.join('') + echo.flush().toString();
}

test('a secret is hidden in whatever pieces it comes, and everything else stays', () => {
  const text = 'Key: s3cr3t-key\r\nYou typed s3cr3t-key.\r\ns3cr3t# ';
  const hidden = 'Key: **********\r\nYou typed **********.\r\ns3cr3t# ';
  for (let size = 1; size < text.length; size += 1) {
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
    expect(recorded(['s3cr3t-key'], pieces)).toBe(hidden);
  }
});

test('secrets that overlap are hidden', () => {
  expect(recorded(['aaaabbbb', 'bbbbcccc'], ['xaaaabbbbccccx'])).toBe('x************x');
});

test('a short secret is hidden in its echo only', () => {
  const echo = new SecretEcho();
  const before = Buffer.from('admin login: ');
  expect(echo.take(before, 0)).toEqual(before);
  echo.add(Buffer.from('admin'), before.length);
  expect(echo.take(Buffer.from('admin\r\n'), before.length).toString()).toBe('*****\r\n');
  expect(echo.take(Buffer.from('admin# '), before.length + 1000).toString()).toBe('admin# ');
  const plain = { bytes: Buffer.from('admin login: admin'), positionOf: (index: number) => index };
  expect(echo.hide(plain).bytes.toString()).toBe('admin login: *****');
});

test('a short secret that is also the name of the device is not hidden after the line where it was typed', () => {
  expect(recorded(['rabbit'], ['rab', 'bit\r\nrabbit:~# '])).toBe('******\r\nrabbit:~# ');
  expect(recorded(['rabbit'], ['\r\nlogin: root on rabbit\r\n', 'rabbit:~# '])).toBe('\r\nlogin: root on rabbit\r\nrabbit:~# ');
});

test('without a secret, nothing is held back', () => {
  expect(recorded([''], ['a', 'b'])).toBe('ab');
});
