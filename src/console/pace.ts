// SPDX-License-Identifier: GPL-3.0-or-later
/** Cuts input into pieces of at most `chunkBytes`; a line end always ends a piece, since nothing after it has an echo yet. */
export function pieces(bytes: Buffer, chunkBytes: number): Buffer[] {
  const result: Buffer[] = [];
  for (let from = 0; from < bytes.length;) {
    const lineEnd = bytes.subarray(from, from + chunkBytes).findIndex((byte) => byte === 10 || byte === 13);
    const length = lineEnd < 0 ? chunkBytes : lineEnd + 1;
    result.push(bytes.subarray(from, from + length));
    from += length;
  }
  return result;
}

/**
 * What the echo of a piece looks like: its visible bytes in order, with white space allowed between them, since a line
 * editor wraps where the line is full. Undefined if no byte of the piece is visible.
 */
export function echoPattern(piece: Buffer): RegExp | undefined {
  const visible = [...piece].filter((byte) => byte > 32 && byte !== 127);
  if (visible.length === 0) return undefined;
  return new RegExp(visible.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('\\s*'));
}
