#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// The version check must run before anything else is loaded: an older Node cannot even parse the rest. So this file imports nothing
// statically, and its syntax is one that Node 14 knows.
const version = process.versions.node;
if (Number(version.split('.')[0]) >= 24) await import('./start.ts');
else {
  process.stderr.write(`alpy: expected Node 24 or newer, got ${version} (${process.execPath}). Install Node 24 and try again.\n`);
  process.exitCode = 3;
}

export {};
