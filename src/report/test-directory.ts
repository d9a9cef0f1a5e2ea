// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { codeOf, EnvironmentError, messageOf } from '../core/errors.ts';

/** What the name of a test's directory is made from. */
export interface NamedTest {
  /** test file */
  readonly file: string;
  readonly fullName: string;
}

const maxLength = 80;

/**
 * Directory name of a test: `<file stem>-<title>` in lower case. It is safe on every file system and in a GitLab attachment.
 * @param n - 1 for the first test with this name, 2 for the next, …
 */
export function testDirectoryName({ file, fullName }: NamedTest, n = 1): string {
  const stem = slug(basename(file).replace(/(\.(test|spec))?\.[cm]?[jt]sx?$/, ''));
  const name = [stem, slug(fullName)].filter((part) => part !== '').join('-') || 'test';
  const suffix = n > 1 ? `-${n}` : '';
  return name.slice(0, maxLength - suffix.length).replace(/-+$/, '') + suffix;
}

/**
 * Creates the directory of a test under a name that no other test has, not even one of another worker. Each call creates a new
 * directory, so keep the result for retries of the same test.
 * @param parent - directory of all tests; must not contain those of an earlier run
 * @returns name of the directory inside `parent`
 * @throws {@link EnvironmentError} if it cannot be created
 */
export function claimTestDirectory(parent: string, test: NamedTest): string {
  try {
    mkdirSync(parent, { recursive: true });
    for (let n = 1; ; n++) {
      const name = testDirectoryName(test, n);
      if (tryCreate(join(parent, name))) return name;
    }
  } catch (error) {
    throw new EnvironmentError(`cannot create a directory for the test "${test.fullName}" in ${parent}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** @returns false if it exists already */
function tryCreate(directory: string): boolean {
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
