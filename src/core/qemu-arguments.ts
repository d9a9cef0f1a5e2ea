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
/** Options whose value is never a file that QEMU reads. */
const textOptions = new Set(['append', 'name', 'uuid', 'D', 'pidfile']);
/** Keys whose value is a text for the guest, in options that also have a key for a file. */
const textKeys: Readonly<Record<string, RegExp>> = { fw_cfg: /^(?:name|string)$/, smbios: /^(?!file$|path$)/ };
/** Options whose value is the name of a file. */
const fileOptions =
  /^(?:kernel|initrd|dtb|bios|pflash|cdrom|hd[abcd]|fd[ab]|sd|mtdblock|option-rom|readconfig|shim|drive|blockdev|acpitable|L)$/;
/** Keys whose value is the name of a file or folder, or another source that QEMU reads from. */
const fileKeys = /(?:^|\.)(?:file|filename|url|uri|romfile|mem-path|data|kernel|initrd|dtb|shim|splash|tftp|smb)$/;

/** What a value of an argument is: never a file, the name of a file, or unknown. */
export type ValueKind = 'text' | 'file' | 'unknown';

/** Whether a value names a file that QEMU reads. Pure. */
export function kindOf({ option, key, value }: ArgumentValue): ValueKind {
  if (textOptions.has(option) || textKeys[option]?.test(key) === true || value === '') return 'text';
  const isFile = fileKeys.test(key) || (fileOptions.test(option) && key === '') || (option === 'smbios' && key === 'path');
  return isFile ? 'file' : 'unknown';
}

/** Whether an option of QEMU names files in its value, such as `drive`. Pure. */
export function isFileOption(option: string): boolean {
  return fileOptions.test(option);
}

/**
 * Parses arguments of QEMU: `-drive if=none,file=a.img` has the values `none` and `a.img`. JSON, which `-blockdev` and file names
 * may contain, has one value for each of its strings and numbers. Pure.
 */
export function argumentValues(args: readonly string[]): readonly ArgumentValue[] {
  const values: ArgumentValue[] = [];
  replaceValues(args, (value) => {
    values.push(value);
    return value.value;
  });
  return values;
}

/** Arguments of QEMU with other values. Arguments without a changed value stay as they are. Pure. */
export function replaceValues(args: readonly string[], replace: (value: ArgumentValue) => string): readonly string[] {
  let option = '';
  return args.map((arg) => {
    if (/^--?\w/.test(arg)) {
      option = arg.replace(/^--?/, '');
      return arg;
    }
    const replaceIn = (key: string, value: string): string => replace({ option, key, value });
    return wholeOptions.test(option) ? inValue('', arg, replaceIn) : inArgument(arg, replaceIn);
  });
}

/** Escapes a value that stands in a list: a comma is doubled. */
export function escapeCommas(value: string): string {
  return value.replaceAll(',', ',,');
}

type Replace = (key: string, value: string) => string;

function inArgument(arg: string, replace: Replace): string {
  if (arg.startsWith('{')) return inJson(arg, '', replace);
  const parts = arg.match(/(?:[^,]|,,)+/gs) ?? [];
  const replaced = parts.map((part) => inPart(part, replace));
  return replaced.some((part, index) => part !== parts[index]) ? replaced.join(',') : arg;
}

/** A comma inside a value is doubled. */
function inPart(part: string, replace: Replace): string {
  const plain = part.replaceAll(',,', ',');
  const [, key = '', value = plain] = /^([\w.-]+)=(.*)$/s.exec(plain) ?? [];
  const replaced = inValue(key, value, replace);
  if (replaced === value) return part;
  return `${key === '' ? '' : `${key}=`}${escapeCommas(replaced)}`;
}

function inValue(key: string, value: string, replace: Replace): string {
  return value.startsWith('json:') ? `json:${inJson(value.slice('json:'.length), key, replace)}` : replace(key, value);
}

function inJson(json: string, key: string, replace: Replace): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return replace(key, json);
  }
  const replaced = JSON.stringify(inTree(parsed, key, replace));
  return replaced === JSON.stringify(parsed) ? json : replaced;
}

function inTree(value: unknown, key: string, replace: Replace): unknown {
  if (typeof value === 'string') return replace(key, value);
  if (typeof value === 'number') return replaceNumber(value, key, replace);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(
    ([name, inner]) => [name, inTree(inner, key === '' ? name : `${key}.${name}`, replace)] as const,
  );
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}

function replaceNumber(value: number, key: string, replace: Replace): number {
  replace(key, String(value)); // no number names a file, but memory sizes are read like this
  return value;
}
