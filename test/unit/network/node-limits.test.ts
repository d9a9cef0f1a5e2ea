// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from 'vitest';
import { nodeLimitHint } from '../../../src/network/node-limits.ts';

describe('the hint of a command on a node', () => {
  const hint = (stderr: string, ranOutOfMemory = false, signal?: NodeJS.Signals): string | undefined =>
    nodeLimitHint({ ranOutOfMemory, signal, stdout: '', stderr });

  test.each([
    ['touch: cannot touch /x: Read-only file system', 'writableRoot'],
    ['dd: error writing /tmp/z: No space left on device', '64 MiB to /tmp'],
    ['sh: 0: Cannot fork', '512 processes'],
  ])('after %j says %s', (stderr, text) => {
    expect(hint(`${stderr}\n`)).toContain(text);
  });

  test('names the limit of memory if the daemon has reported it', () => {
    expect(hint('', true)).toContain('256 MiB');
  });

  test('names the space if the kernel ended the program because of a large file', () => {
    expect(hint('', false, 'SIGXFSZ')).toContain('/tmp');
  });

  test('is absent for other errors, and for full tables of the kernel', () => {
    expect(hint('curl: (28) Operation timed out')).toBeUndefined();
    expect(hint('RTNETLINK answers: No space left on device')).toBeUndefined();
  });
});
