// SPDX-License-Identifier: GPL-3.0-or-later
// Checks func.yml against GitLab's documentation (doc/ci/functions/create.md in gitlabhq/gitlabhq).
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import yargs, { type Argv } from 'yargs';
import { z } from 'zod';
import type { CliIo } from '../../../src/cli/io.ts';
import { runCommand } from '../../../src/cli/run.ts';
import { knownValues } from '../../../src/config/index.ts';
import { variableName } from '../../../src/core/variables.ts';

const folder = resolve(import.meta.dirname, '../../../functions');
const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

const Name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/);
const Value = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('string'), default: z.string().optional() }),
  z.strictObject({ type: z.literal('number'), default: z.number().optional() }),
  z.strictObject({ type: z.literal('boolean'), default: z.boolean().optional() }),
  z.strictObject({ type: z.literal('array'), default: z.array(z.unknown()).optional() }),
  z.strictObject({ type: z.literal('struct'), default: z.record(z.string(), z.unknown()).optional() }),
]);
const Spec = z.strictObject({
  spec: z
    .strictObject({
      inputs: z.record(Name, Value).optional(),
      outputs: z.union([z.literal('delegate'), z.record(Name, Value)]).optional(),
    })
    .nullable(),
});
const Definition = z.strictObject({
  env: z.record(Name, z.string()).optional(),
  exec: z.strictObject({ command: z.array(z.string()).min(1), work_dir: z.string().optional() }),
});

test('there is one function', () => {
  expect(names).toEqual(['run']);
  expect(readdirSync(join(folder, 'run'))).toEqual(['func.yml']);
});

const text = readFileSync(join(folder, 'run', 'func.yml'), 'utf8');
const documents = parseAllDocuments(text);

test('func.yml has the two documents that GitLab expects, and nothing else', () => {
  expect(documents).toHaveLength(2);
  expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
  expect(Spec.safeParse(documents[0]?.toJS()).error).toBeUndefined();
  expect(Definition.safeParse(documents[1]?.toJS()).error).toBeUndefined();
});

const inputs = Spec.parse(documents[0]?.toJS()).spec?.inputs ?? {};
const { env = {}, exec } = Definition.parse(documents[1]?.toJS());

test('every input is used exactly once and has a default', () => {
  const expressions = [...JSON.stringify([env, exec]).matchAll(/\$\{\{(.*?)\}\}/g)].map(([, inner = '']) => inner.trim());
  expect(expressions.filter((one) => !/^inputs\.[a-z_]+$/.test(one))).toEqual([]);
  expect(expressions.map((one) => one.slice('inputs.'.length)).sort()).toEqual(Object.keys(inputs).sort());
  expect(Object.entries(inputs).filter(([, input]) => input.default === undefined)).toEqual([]);
});

test('no input can become a command or another option', () => {
  expect(exec.command.slice(0, 2)).toEqual(['alpy', 'run']);
  const end = exec.command.indexOf('--');
  for (const word of exec.command.slice(2, end)) expect(word).toMatch(/^--[a-z-]+=/); // all of it is the option's value
  expect(exec.command.slice(0, 2).join(' ')).not.toContain('${{');
  expect(exec.command.slice(end)).toHaveLength(2);
});

test('alpy run has the options and variables', () => {
  const io = { env: {}, directory: '/' } as unknown as CliIo;
  const { builder } = runCommand(io);
  const options = ((builder as (argv: Argv) => Argv)(yargs([])) as Argv & { getOptions(): { key: object } }).getOptions().key;
  const used = exec.command.flatMap((word) => /^--([a-z-]+)=/.exec(word)?.[1] ?? []);
  expect(used.filter((name) => !Object.hasOwn(options, name))).toEqual([]);
  const variables = knownValues().map(({ path }) => variableName(path));
  expect(Object.keys(env).filter((name) => !variables.includes(name))).toEqual([]);
});

test('the README lists every input', () => {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const listed = [...readme.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, name]) => name);
  expect(listed).toEqual(Object.keys(inputs));
});
