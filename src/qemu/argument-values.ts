// SPDX-License-Identifier: GPL-3.0-or-later

/** A value in arguments of QEMU. */
export interface ArgumentValue {
  /** its option without dashes, such as `drive` */
  readonly option: string;
  /** its key, such as `file.filename`; empty if it has none */
  readonly key: string;
  readonly value: string;
}

/** Options with one value and no keys. Commas are part of the value. */
const wholeOptions = /^(?:kernel|initrd|append|dtb|shim|bios|pflash|cdrom|hd[abcd]|fd[ab]|sd|mtdblock|readconfig|mem-path|L)$/;

/**
 * Parses arguments of QEMU: `-drive if=none,file=a.img` has the values `none` and `a.img`. JSON, which `-blockdev` and file names
 * may contain, has one value for each of its strings and numbers. Pure.
 */
export function argumentValues(args: readonly string[]): readonly ArgumentValue[] {
  let option = '';
  return args.flatMap((arg) => {
    if (/^--?\w/.test(arg)) {
      option = arg.replace(/^--?/, '');
      return [];
    }
    return (wholeOptions.test(option) ? valueIn('', arg) : valuesOf(arg)).map(([key, value]) => ({ option, key, value }));
  });
}

type KeyAndValue = readonly [key: string, value: string];

function valuesOf(arg: string): readonly KeyAndValue[] {
  if (arg.startsWith('{')) return textsOfJson(arg, '');
  return splitAtCommas(arg).flatMap((part): readonly KeyAndValue[] => {
    const [, key = '', value = part] = /^([\w.-]+)=(.*)$/s.exec(part) ?? [];
    return valueIn(key, value);
  });
}

function valueIn(key: string, value: string): readonly KeyAndValue[] {
  return value.startsWith('json:') ? textsOfJson(value.slice('json:'.length), key) : [[key, value]];
}

/** A comma inside a value is doubled. */
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
  if (typeof value === 'string' || typeof value === 'number') return [[key, String(value)]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => textsIn(inner, key === '' ? name : `${key}.${name}`));
}
