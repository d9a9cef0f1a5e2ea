// SPDX-License-Identifier: GPL-3.0-or-later
// Exits with 0 if node_modules matches package-lock.json, so that nothing is installed again just because `npm install` changed
// both. Plain JavaScript, because it runs before Node 24 is installed.
import { readFileSync } from 'node:fs';

const packages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
try {
  const expected = packages('package-lock.json');
  const present = packages('node_modules/.package-lock.json');
  const isWrong = ([name, { version, optional }]) =>
    name !== '' && (name in present ? present[name].version !== version : !optional);
  process.exitCode = Object.entries(expected).some(isWrong) || Object.keys(present).some((name) => !(name in expected)) ? 1 : 0;
} catch {
  process.exitCode = 1; // one of the files is missing or incomplete
}
