// SPDX-License-Identifier: GPL-3.0-or-later
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { contentKind, isPacked, type ContentKind } from './content-kind.ts';
import { decompress, type DecompressPlace, type Decoding } from './decompress.ts';
import { ArchiveError, chooseMember, type Member } from './member.ts';
import { disksOfOvf } from './ovf.ts';
import { wholeFile, type Part } from './part.ts';
import { assertSpace, SparseFile } from './sparse-file.ts';
import { listTar, readMember } from './tar.ts';
import { diskName } from './unpacked-images.ts';
import { listZip } from './zip.ts';

/** How often an archive may be inside another one: a zip with an OVA whose disk is compressed has three layers. */
const maxLayers = 4;
/** Receives how much of a layer was read, in `bytes`. */
export type OnProgress = (doneBytes: number, totalBytes: number) => void;

/**
 * Unpacks the disk in a compressed file or an archive: layer by layer, until QEMU can use it.
 * @param folder - an empty folder, in which the disk is created as {@link diskName}
 * @returns what a user should know
 * @throws ArchiveError if there is no disk, or it cannot be unpacked
 */
export async function unpackLayers(
  source: Part,
  folder: string,
  place: DecompressPlace,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const notes: string[] = [];
  let part = source;
  for (let layer = 0; ; layer += 1) {
    const kind = await contentKind(part);
    if (kind.kind === 'unsupported') throw new ArchiveError(`${kind.text}, and set appliance.image to the disk in it`);
    if (!isPacked(kind)) break;
    if (layer === maxLayers) throw new ArchiveError(`expected at most ${maxLayers} archives inside each other, got more`);
    const next = await openLayer(part, kind, notes);
    if (next.decoding === 'copy') {
      part = next.part;
      continue;
    }
    const path = join(folder, `layer${layer}`);
    await unpackTo(path, next, place, onProgress, signal);
    const { name } = next.part;
    await removeLayer(part, source);
    part = await wholeFile(path, name);
  }
  await placeDisk(part, folder, source, place, onProgress, signal);
  return notes;
}

interface Layer {
  readonly part: Part;
  readonly decoding: Decoding;
  /** what is known of its size, in `bytes` */
  readonly unpackedBytes: number;
}

async function openLayer(part: Part, kind: ContentKind, notes: string[]): Promise<Layer> {
  if (kind.kind === 'compressed')
    return { part: { ...part, name: part.name.replace(/\.\w+$/, '') }, decoding: kind.by, unpackedBytes: part.bytes };
  const members = kind.kind === 'zip' ? await listZip(part) : await listTar(part);
  const ovf = kind.kind === 'tar' ? members.find(({ name }) => /^[^/]+\.ovf$/i.test(name)) : undefined;
  const disks = ovf && disksOfOvf(await readMember(ovf));
  const member: Member = chooseMember(members, disks);
  if (disks && disks.length > 1)
    notes.push(
      `${part.name} contains ${disks.length} disks, and ${member.name} is used, which its description names first. To use the others, unpack it, and list them in appliance.disks`,
    );
  return { part: member, decoding: member.isDeflated ? 'deflate' : 'copy', unpackedBytes: member.unpackedBytes };
}

async function unpackTo(
  path: string,
  { part, decoding, unpackedBytes }: Layer,
  place: DecompressPlace,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<void> {
  await assertSpace(join(path, '..'), unpackedBytes);
  await using file = await SparseFile.create(path);
  let done = 0;
  const onRead = (bytes: number): void => {
    done += bytes;
    onProgress(done, part.bytes);
  };
  await decompress(part, decoding, file, place, onRead, signal);
}

/** A layer that is a whole file becomes the disk; anything else is copied. */
async function placeDisk(
  part: Part,
  folder: string,
  source: Part,
  place: DecompressPlace,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<void> {
  const disk = join(folder, diskName);
  const { bytes } = await wholeFile(part.path, part.name);
  if (part.path !== source.path && part.offset === 0 && part.bytes === bytes) {
    await rename(part.path, disk);
    return;
  }
  await unpackTo(disk, { part, decoding: 'copy', unpackedBytes: part.bytes }, place, onProgress, signal);
  await removeLayer(part, source);
}

async function removeLayer(part: Part, source: Part): Promise<void> {
  if (part.path !== source.path) await rm(part.path);
}
