// SPDX-License-Identifier: GPL-3.0-or-later
// Exit status 0 when node_modules holds what package-lock.json asks for, so that nothing is installed again only because
// `npm install` changed both. Plain JavaScript: it runs before Node 24 is there.
import { readFileSync } from 'node:fs';

const packages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
try {
  const wanted = packages('package-lock.json');
  const present = packages('node_modules/.package-lock.json');
  const isWrong = ([name, { version, optional }]) =>
    name !== '' && (name in present ? present[name].version !== version : !optional);
  process.exitCode = Object.entries(wanted).some(isWrong) || Object.keys(present).some((name) => !(name in wanted)) ? 1 : 0;
} catch {
  process.exitCode = 1; // one of them is missing or torn
}
