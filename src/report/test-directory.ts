// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { codeOf, EnvironmentError, messageOf } from '../core/errors.ts';

/** What names a test's directory. */
export interface NamedTest {
  /** test file */
  readonly file: string;
  readonly fullName: string;
}

const maxLength = 80;

/**
 * Directory name of a test: `<file stem>-<title>`, lower case, safe on every file system and in a GitLab attachment.
 * @param n - 1 for the first test that would have this name, 2 for the next, …
 */
export function testDirectoryName({ file, fullName }: NamedTest, n = 1): string {
  const stem = slug(basename(file).replace(/(\.(test|spec))?\.[cm]?[jt]sx?$/, ''));
  const name = [stem, slug(fullName)].filter((part) => part !== '').join('-') || 'test';
  const suffix = n > 1 ? `-${n}` : '';
  return name.slice(0, maxLength - suffix.length).replace(/-+$/, '') + suffix;
}

/**
 * Makes the directory of a test, under a name that no other test has taken, not even one of another worker: who makes a
 * directory owns it. Each call makes a new one; keep the result for the retries of the same test.
 * @param parent - directory that holds those of all tests; must not hold those of an earlier run
 * @returns name of the directory inside `parent`
 * @throws {@link EnvironmentError} when it cannot be made
 */
export function claimTestDirectory(parent: string, test: NamedTest): string {
  try {
    mkdirSync(parent, { recursive: true });
    for (let n = 1; ; n++) {
      const name = testDirectoryName(test, n);
      if (isMade(join(parent, name))) return name;
    }
  } catch (error) {
    throw new EnvironmentError(`cannot make a directory for the test "${test.fullName}" in ${parent}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function isMade(directory: string): boolean {
  try {
    mkdirSync(directory);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function slug(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '') // accents
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
