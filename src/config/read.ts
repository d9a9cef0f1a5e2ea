// SPDX-License-Identifier: GPL-3.0-or-later
import { basename, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import { codeOf, messageOf } from '../core/errors.ts';
import { readRegular } from '../core/plain-file.ts';
import type { Path } from '../core/value-at.ts';
import { ConfigError } from './errors.ts';
import { installResolveHooks } from './resolve-hooks.ts';

/** Largest configuration that is read, in `bytes`: far more than anybody writes. */
const maxConfigBytes = 4 * 1024 * 1024;

/** The contents of a configuration file. */
export interface ConfigFile {
  readonly raw: unknown;
  /** the line of a value, or of the innermost value around it; absent if the file is a program */
  readonly lineOf?: (path: Path) => number | undefined;
}

/**
 * Reads a configuration file without checking it.
 * @param file - absolute path of an `alpy.yaml` or `alpy.config.ts`; the latter is executed
 * @throws {@link ConfigError} if it does not exist, cannot be parsed, or throws
 */
export async function readConfig(file: string): Promise<ConfigFile> {
  switch (extname(file)) {
    case '.yaml':
    case '.yml':
      return readYaml(file, await readText(file));
    case '.ts':
    case '.mts':
    case '.js':
    case '.mjs':
      return { raw: await importDefault(file) };
    default:
      throw new ConfigError(file, [`expected a file that ends in .ts or .yaml, got ${basename(file)}`]);
  }
}

/** The value of {@link readYaml} alone. */
export function parseYaml(file: string, text: string): unknown {
  return readYaml(file, text).raw;
}

/** Parses YAML. @throws {@link ConfigError} with line and column of every syntax error */
export function readYaml(file: string, text: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problems = [...document.errors, ...document.warnings].map(({ message, pos }) => {
    const { line, col } = lines.linePos(pos[0]);
    return `line ${line}, column ${col}: ${message.replace('Map keys must be unique', 'expected each key once, got this one again. Remove one of them')}`;
  });
  if (problems.length > 0) throw new ConfigError(file, problems);
  try {
    return { raw: document.toJS(), lineOf: (path) => lineOf(document, lines, path) };
  } catch (error) {
    throw new ConfigError(file, [messageOf(error)], { cause: error }); // an alias without its anchor, or too many aliases
  }
}

function lineOf({ contents }: Document, lines: LineCounter, path: Path): number | undefined {
  let offset = isNode(contents) ? contents.range?.[0] : undefined;
  let inner: unknown = contents;
  for (const key of path) {
    const pair = isMap(inner)
      ? inner.items.find(({ key: name }) => isScalar(name) && String(name.value) === String(key))
      : undefined;
    const place = pair ? pair.key : isSeq(inner) ? inner.items[Number(key)] : undefined;
    if (!isNode(place)) break;
    offset = place.range?.[0] ?? offset;
    inner = pair ? pair.value : place;
  }
  return offset === undefined || path.length === 0 ? undefined : lines.linePos(offset).line;
}

async function readText(file: string): Promise<string> {
  try {
    return await readRegular(file, maxConfigBytes);
  } catch (error) {
    throw unreadable(file, error);
  }
}

async function importDefault(file: string): Promise<unknown> {
  await readText(file); // Node would wait for a pipe, and read a file of any size
  installResolveHooks();
  const url = pathToFileURL(file).href;
  let module: unknown;
  try {
    module = await import(/* @vite-ignore */ `${url}?alpy-config`);
  } catch (error) {
    throw new ConfigError(file, [`${lineIn(url, error)}${messageOf(error)}`], { cause: error });
  }
  if (typeof module === 'object' && module !== null && 'default' in module) return module.default;
  throw new ConfigError(file, ['expected a default export, got none. Write export default defineConfig({ … });']);
}

/** `line 3: ` if the stack of `error` has the line in the file, in its first line or in a frame. */
function lineIn(url: string, error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const after = stack.split(url)[1];
  const line = /^(?:\?alpy-config)?:(\d+)/.exec(after ?? '')?.[1];
  return line === undefined ? '' : `line ${line}: `;
}

function unreadable(file: string, error: unknown): ConfigError {
  const problem = codeOf(error) === 'ENOENT' ? 'there is no such file' : `cannot be read: ${messageOf(error)}`;
  return new ConfigError(file, [problem], { cause: error });
}
