// SPDX-License-Identifier: GPL-3.0-or-later

/** A value in arguments of QEMU. */
export interface ArgumentValue {
  /** its option without dashes, such as `drive` */
  readonly option: string;
  /** its key, such as `file.filename`; empty when it has none */
  readonly key: string;
  readonly value: string;
}

/**
 * Takes arguments of QEMU apart: `-drive if=none,file=a.img` has the values `none` and `a.img`. JSON, as `-blockdev` and file
 * names may have it, has one value for each of its texts. Pure.
 */
export function argumentValues(args: readonly string[]): readonly ArgumentValue[] {
  let option = '';
  return args.flatMap((arg) => {
    if (/^--?\w/.test(arg)) {
      option = arg.replace(/^--?/, '');
      return [];
    }
    return valuesOf(arg).map(([key, value]) => ({ option, key, value }));
  });
}

type KeyAndValue = readonly [key: string, value: string];

function valuesOf(arg: string): readonly KeyAndValue[] {
  if (arg.startsWith('{')) return textsOfJson(arg, '');
  return splitAtCommas(arg).flatMap((part): readonly KeyAndValue[] => {
    const [, key = '', value = part] = /^([\w.-]+)=(.*)$/s.exec(part) ?? [];
    return value.startsWith('json:') ? textsOfJson(value.slice('json:'.length), key) : [[key, value]];
  });
}

/** A comma that belongs to a value is doubled. */
function splitAtCommas(arg: string): readonly string[] {
  const parts = arg.match(/(?:[^,]|,,)+/gs) ?? [];
  return parts.map((part) => part.replaceAll(',,', ','));
}

function textsOfJson(json: string, key: string): readonly KeyAndValue[] {
  try {
    return textsIn(JSON.parse(json), key);
  } catch {
    return [[key, json]];
  }
}

function textsIn(value: unknown, key: string): readonly KeyAndValue[] {
  if (typeof value === 'string') return [[key, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => textsIn(inner, key === '' ? name : `${key}.${name}`));
}
