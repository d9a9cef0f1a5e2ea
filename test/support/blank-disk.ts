// SPDX-License-Identifier: GPL-3.0-or-later
export { writeBlankDisk } from '../../src/doctor/links/blank-disk.ts';

/** The same disk, compressed by bzip2. */
export const blankDiskBzip2 = Buffer.from(
  'QlpoOTFBWSZTWUa45bsAICVCEcAQAgAAEAAIBJogAFRADAKVIaPSZc0UAb7JQFnuc8zVUAJi7kinChII1xy3YA==',
  'base64',
);
