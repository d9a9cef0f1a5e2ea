// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from 'vitest';
import { limitHint, limitsOf } from '../../../src/network/app-limits.ts';

describe('limits of an app', () => {
  test('`memoryMiB` sets the size of /tmp, too, and volumes of the image are in memory', () => {
    expect(limitsOf({ memoryMiB: 100, pids: 7 }, ['/data/', '/tmp'])).toEqual({
      readOnlyRoot: true,
      tmpfs: { '/tmp': 50, '/run': 64, '/var/tmp': 64, '/data': 64 },
      memoryMiB: 100,
      pids: 7,
      fileSizeMiB: 100,
    });
  });

  test('`writableRoot` leaves the root and volumes of the image on the disk', () => {
    expect(limitsOf({ writableRoot: true }, ['/data'])).toEqual({ memoryMiB: 512, pids: 512 });
  });
});

describe('the hint', () => {
  const hint = (stderr: string, writableRoot = false): string | undefined =>
    limitHint({ writableRoot }, { ranOutOfMemory: false, stdout: '', stderr });

  test.each([
    ['touch: cannot touch /x: Read-only file system', 'writableRoot'],
    ["Error: EROFS: read-only file system, open '/x'", 'writableRoot'],
    ['dd: error writing /tmp/z: No space left on device', 'memoryMiB'],
    ['sh: 0: Cannot fork', 'pids'],
    ["sh: can't fork: Resource temporarily unavailable", 'pids'],
    ['bash: fork: retry: Resource temporarily unavailable', 'pids'],
    ["RuntimeError: can't start new thread", 'pids'],
  ])('after %j names the option %s', (stderr, option) => {
    expect(hint(`${stderr}\n`)).toContain(option);
  });

  test('names the limit of memory if the daemon has reported it', () => {
    expect(limitHint({ memoryMiB: 64 }, { ranOutOfMemory: true, stdout: '', stderr: '' })).toMatch(/64 MiB.*memoryMiB/);
  });

  test('is absent for other errors, for lines far above the end, and for what `writableRoot` does not limit', () => {
    expect(hint('curl: (28) Operation timed out')).toBeUndefined();
    expect(hint('recv: Resource temporarily unavailable')).toBeUndefined();
    expect(hint(`Read-only file system\n${'line\n'.repeat(5)}`)).toBeUndefined();
    expect(hint('No space left on device', true)).toBeUndefined();
  });
});
