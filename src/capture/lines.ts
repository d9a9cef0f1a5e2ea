// SPDX-License-Identifier: GPL-3.0-or-later

const newline = 0x0a;

/**
 * Yields lines of UTF-8 as they arrive; the last one may lack its end. Only a line feed ends a line: readline also splits at
 * other characters, which frames may contain. Takes linear time, however long a line is.
 */
export async function* linesOf(stream: AsyncIterable<unknown>): AsyncGenerator<string, void> {
  let begun: Buffer[] = [];
  for await (const piece of stream) {
    const bytes = piece as Buffer;
    let at = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, at)) {
      yield Buffer.concat([...begun, bytes.subarray(at, end)]).toString();
      begun = [];
      at = end + 1;
    }
    if (at < bytes.length) begun.push(bytes.subarray(at));
  }
  if (begun.length > 0) yield Buffer.concat(begun).toString();
}
