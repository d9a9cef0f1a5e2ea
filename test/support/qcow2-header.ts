// SPDX-License-Identifier: GPL-3.0-or-later
import { writeFile } from 'node:fs/promises';

/** Writes the header of a qcow2 image, version 3, that names other files; the rest of the image is missing. */
export async function writeQcow2Header(
  path: string,
  {
    backing,
    backingFormat,
    dataFile,
  }: { readonly backing?: string; readonly backingFormat?: string; readonly dataFile?: string },
): Promise<void> {
  const header = Buffer.alloc(4096);
  header.write('QFI\xfb', 'latin1');
  header.writeUInt32BE(3, 4);
  header.writeUInt32BE(16, 20); // bits of a cluster
  header.writeUInt32BE(104, 100);
  if (backing !== undefined) {
    header.writeBigUInt64BE(1024n, 8);
    header.writeUInt32BE(Buffer.byteLength(backing), 16);
    header.write(backing, 1024);
  }
  if (dataFile !== undefined) header.writeBigUInt64BE(4n, 72); // an incompatible feature
  const extensions = [
    [0xe2792aca, backingFormat],
    [0x44415441, dataFile],
  ] as const;
  let at = 104;
  for (const [type, text] of extensions) {
    if (text === undefined) continue;
    header.writeUInt32BE(type, at);
    header.writeUInt32BE(Buffer.byteLength(text), at + 4);
    header.write(text, at + 8);
    at += 8 + Math.ceil(Buffer.byteLength(text) / 8) * 8;
  }
  await writeFile(path, header);
}
