// SPDX-License-Identifier: GPL-3.0-or-later

/** A part of a display filter that a frame has to pass. */
export interface FilterPart {
  /** a display filter, too */
  readonly text: string;
  /** the field that it compares, or whose presence it asks for; absent if it does something else */
  readonly field?: string;
}

/** A quoted text, a bracket, an operator or keyword that joins filters, or any other character. */
const token = /r?"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[()[\]{}]|&&|\|\||\^\^|(?<![\w.])(?:and|or|xor)(?![\w.])|./gis;

/** A comparison with a constant, or a field or protocol alone. Values such as `$x`, or a field on both sides, may follow. */
const comparison =
  /^([a-z_][\w-]*(?:\.[\w-]+)*)(?:\s*(?:[=!]==?|[<>]=?|~=?)|\s+(?:any_|all_)?(?:eq|ne|gt|lt|ge|le|contains|matches|in)\b|$)/i;

/**
 * Splits a display filter of Wireshark into the parts that `&&` and `and` join. A filter that `||` or `or` joins is one part. Pure.
 * @param filter - a valid filter
 */
export function filterParts(filter: string): readonly FilterPart[] {
  const inner = withoutBrackets(filter.trim());
  if (inner === '') return [];
  const parts: string[] = [''];
  let depth = 0;
  for (const [text] of inner.matchAll(token)) {
    if (/^[([{]$/.test(text)) depth += 1;
    if (/^[)\]}]$/.test(text)) depth -= 1;
    if (depth === 0 && /^(?:\|\||\^\^|x?or)$/i.test(text)) return [partOf(inner)];
    if (depth === 0 && /^(?:&&|and)$/i.test(text)) parts.push('');
    else parts.push(`${parts.pop() ?? ''}${text}`);
  }
  return parts.length === 1 ? [partOf(inner)] : parts.flatMap(filterParts);
}

function partOf(text: string): FilterPart {
  const [, field] = comparison.exec(text) ?? [];
  // a protocol, such as `frame` in `frame contains "x"`, has no value to show
  const hasValue = field?.includes('.') === true || field === text;
  return { text, ...(field === undefined || !hasValue ? {} : { field }) };
}

/** Removes brackets around the whole filter. */
function withoutBrackets(text: string): string {
  if (!text.startsWith('(')) return text;
  let [depth, at] = [0, 0];
  for (const [piece] of text.matchAll(token)) {
    if (piece === '(') depth += 1;
    if (piece === ')') depth -= 1;
    at += piece.length;
    if (depth === 0) break;
  }
  return at === text.length ? withoutBrackets(text.slice(1, -1).trim()) : text;
}
