// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from 'vitest';
import { CommandError } from '../../../src/access/index.ts';
import { clockCommandAt, clockSetting } from '../../../src/access/serial-shell/clock.ts';
import { withSink } from '../../../src/core/step.ts';
import { appliance } from './appliance.ts';

async function logged(body: () => void): Promise<string> {
  const lines: string[] = [];
  await withSink(
    (event) => {
      if (event.kind === 'log') lines.push(event.text);
    },
    async () => {
      body();
      await Promise.resolve();
    },
  );
  return lines.join('\n');
}

test('the time goes into the command that sets the clock, in seconds with and without a fraction', () => {
  expect(clockCommandAt('date -s @{time} || date -s @{seconds}', 1_700_000_000_600)).toBe(
    'date -s @1700000000.600 || date -s @1700000001',
  );
});

describe('a clock that cannot be set', () => {
  const refusal = new CommandError('serial console', 'Set the clock', 1, "date: can't set date: Operation not permitted\n");

  test('is a warning that says what to do, if the appliance sets neither clockCommand nor become', async () => {
    const text = await logged(() => clockSetting(appliance())?.judge?.(refusal));
    expect(text).toMatch(
      /^warning: the guest's clock cannot be set: exit status 1, date: can't set date: Operation not permitted/,
    );
    expect(text).toContain('set appliance.become (such as sudo -n) or appliance.clockCommand');
  });

  test.each([
    [{ clockCommand: 'rdate' }, 'appliance.clockCommand: '],
    [{ become: 'doas' }, 'appliance.become: '],
    [{ clockCommand: 'rdate', become: 'doas' }, 'appliance.clockCommand and appliance.become: '],
  ])('is a usage error that names the keys of %j', (changes, beginning) => {
    const judge = (): void => clockSetting(appliance(changes))?.judge?.(refusal);
    expect(judge).toThrow(new RegExp(`^${beginning}the guest's clock cannot be set: .*Operation not permitted`));
    expect(judge).toThrow(expect.objectContaining({ code: 'ALPY_USAGE', fault: 'usage' }) as Error);
  });

  test('is impossible with an empty clockCommand: nothing is run', () => {
    expect(clockSetting(appliance({ clockCommand: '' }))).toBeUndefined();
  });
});
