// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { resolve } from 'node:path';
import { parseDocument, LineCounter, stringify } from 'yaml';
import { codeOf, messageOf } from '../core/errors.ts';
import { isJsonObject, jsonText, type JsonObject } from '../core/json-object.ts';
import { readRegularBytes } from '../core/plain-file.ts';
import { isFile, type CloudInit } from './cloud-init-schema.ts';
import { ConfigError } from './errors.ts';

/** A file of a NoCloud seed. */
export interface SeedFile {
  readonly name: 'user-data' | 'meta-data' | 'network-config';
  readonly content: Buffer;
}

/** Size of the largest file of a seed, in `bytes`. Those of most clouds may have 16 KiB. */
const maxSeedFileBytes = 1024 ** 2;

/** First lines by which cloud-init knows the kinds of user-data: those above YAML, and the others. */
const yamlHead = /^#cloud-config(?:-archive)?[ \t]*(?:\r?\n|$)/;
const otherHeads =
  /^(?:#!|## template: *jinja|#include|#cloud-boothook|#cloud-config-jsonp|#part-handler|Content-Type:|MIME-Version:|From )/i;

/**
 * The files of a NoCloud seed.
 * @param where - what the configuration is, for errors
 * @throws {@link ConfigError} if a file cannot be read, or is not what cloud-init expects, with all problems
 */
export async function seedFiles(cloudInit: CloudInit, where: string): Promise<readonly SeedFile[]> {
  const problems: string[] = [];
  const contentOf = async (key: keyof CloudInit, check: (content: Buffer) => string | undefined): Promise<Buffer | undefined> => {
    const source = cloudInit[key];
    if (source === undefined) return undefined;
    try {
      const content = await read(key, source);
      const problem = check(content);
      if (problem === undefined) return content;
      problems.push(`${nameOf(key, source)}: ${problem}`);
    } catch (error) {
      problems.push(
        `${nameOf(key, source)}: ${codeOf(error) === 'ENOENT' ? 'expected a file, got no such file. Correct the path' : messageOf(error)}`,
      );
    }
    return undefined;
  };
  const userData = (await contentOf('userData', userDataProblem)) ?? Buffer.from('#cloud-config\n{}\n');
  const networkConfig = await contentOf('networkConfig', networkProblem);
  const metaData = await contentOf('metaData', (content) => yamlProblem(content, 'an object'));
  if (problems.length > 0) throw new ConfigError(where, problems);
  const files = [
    { name: 'user-data', content: userData },
    ...(networkConfig ? [{ name: 'network-config', content: networkConfig } as const] : []),
  ] as const;
  return [...files, { name: 'meta-data', content: withInstanceId(metaData, files) }];
}

async function read(key: keyof CloudInit, source: NonNullable<CloudInit[keyof CloudInit]>): Promise<Buffer> {
  if (isFile(source)) return readRegularBytes(resolve(source.file), maxSeedFileBytes);
  if (typeof source === 'string') return Buffer.from(source);
  return Buffer.from(`${key === 'userData' ? '#cloud-config\n' : ''}${stringify(source)}`);
}

function nameOf(key: string, source: unknown): string {
  return `appliance.cloudInit.${key}${isFile(source) ? ` (${source.file})` : ''}`;
}

function userDataProblem(content: Buffer): string | undefined {
  if (content[0] === 0x1f && content[1] === 0x8b) return undefined; // compressed by gzip, which cloud-init unpacks
  const text = content.toString();
  if (yamlHead.test(text)) return yamlProblem(content, text.startsWith('#cloud-config-archive') ? 'a list' : 'an object');
  if (otherHeads.test(text)) return undefined;
  const [first = ''] = text.split(/\r?\n/, 1);
  return `line 1: expected a line that says what the rest is, such as #cloud-config or #!/bin/sh, got ${shown(first)}. cloud-init would ignore it: write #cloud-config above YAML`;
}

function networkProblem(content: Buffer): string | undefined {
  const problem = yamlProblem(content, 'an object');
  if (problem !== undefined) return problem;
  const value = parse(content).toJS() as JsonObject;
  if (['version', 'network', 'config'].some((key) => Object.hasOwn(value, key))) return undefined;
  return `expected a key \`version\`, or \`network\` around everything, got ${Object.keys(value).join(', ')}. Add version: 2`;
}

/** Returns why a text is not YAML with such a value, or undefined if it is. */
function yamlProblem(content: Buffer, expected: 'an object' | 'a list'): string | undefined {
  if (!isUtf8(content)) return 'expected UTF-8, got other bytes. Save it as UTF-8';
  const lines = new LineCounter();
  const document = parse(content, lines);
  const [error] = document.errors;
  if (error) {
    const { line, col } = lines.linePos(error.pos[0]);
    return `line ${line}, column ${col}: expected YAML, got: ${error.message}. Correct that line`; // without the line, which may have a password
  }
  try {
    const value: unknown = document.toJS();
    if (value === null || (expected === 'a list' ? Array.isArray(value) : isJsonObject(value))) return undefined;
    const got = Array.isArray(value)
      ? 'a list'
      : isJsonObject(value)
        ? 'an object'
        : `the ${typeof value} ${shown(jsonText(value))}`;
    return `expected ${expected} in YAML, got ${got}. Write ${expected === 'a list' ? '- VALUE' : 'KEY: VALUE'}`;
  } catch (cause) {
    return `expected YAML, got: ${messageOf(cause)}`; // an alias without its anchor, or too many aliases
  }
}

function parse(content: Buffer, lineCounter = new LineCounter()): ReturnType<typeof parseDocument> {
  return parseDocument(content.toString(), { lineCounter, prettyErrors: false });
}

/** Adds an instance-id that is another one for another seed: with the same one, cloud-init would not configure the guest again. */
function withInstanceId(metaData: Buffer | undefined, others: readonly SeedFile[]): Buffer {
  const text = metaData?.toString() ?? '';
  const value: unknown = parse(metaData ?? Buffer.alloc(0)).toJS();
  if (isJsonObject(value) && Object.hasOwn(value, 'instance-id')) return Buffer.from(text);
  const hash = createHash('sha256');
  for (const { content } of [...others, { content: Buffer.from(text) }]) hash.update(content).update('\0');
  const id = `alpy-${hash.digest('hex').slice(0, 16)}`;
  return Buffer.from(stringify({ 'instance-id': id, ...(isJsonObject(value) ? value : {}) }));
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
