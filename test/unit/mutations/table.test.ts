// SPDX-License-Identifier: GPL-3.0-or-later
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { mutate } from '../../mutations/mutate.ts';
import { mutations } from '../../mutations/table.ts';

const tests = resolve(import.meta.dirname, '../../../rabbit/tests');
const fileOf = (folder: string): string => readFileSync(join(tests, folder, `${folder}.test.ts`), 'utf8');

test.each(mutations.map((mutation) => [mutation.folder, mutation.wrong, mutation] as const))(
  'the mistake in %s (%s) changes the file of its test',
  (folder, _, mutation) => {
    const mutated = mutate(fileOf(folder), mutation, 7);
    expect(mutated).toContain(`test('mutation 7: ${mutation.test}'`);
    expect(mutated.replace('mutation 7: ', '')).not.toBe(fileOf(folder));
  },
);

test("there is a mistake for each of Rabbit's tests", () => {
  const folders = readdirSync(tests, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const titles = folders.flatMap(({ name }) =>
    [...fileOf(name).matchAll(/^test\('(.+)', async/gm)].map(([, title = '']) => ({ folder: name, test: title })),
  );
  expect(titles.length).toBeGreaterThan(40);
  for (const { folder, test: title } of titles)
    expect(
      mutations.some((one) => one.folder === folder && one.test === title),
      `${folder}: ${title}`,
    ).toBe(true);
});

test('a mistake whose text is not in the file is an error', () => {
  const mutation = { folder: '', test: 'a', wrong: '', replace: ['none', ''], says: '' } as const;
  expect(() => mutate("test('a', () => {});", mutation, 1)).toThrow('expected the text "none", got none');
  expect(() => mutate("test('b', () => {});", mutation, 1)).toThrow('expected one test "a", got 0');
});
