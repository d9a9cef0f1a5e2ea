// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { Container } from '../../src/docker/index.ts';
import { imageNamed } from '../../src/images/index.ts';
import type { TestHost } from './testbeds.ts';

/** Fields of the frames in a pcap file that pass a filter, as tshark prints them: for files of testbeds that have ended. */
export async function decodeFile(
  testHost: TestHost,
  path: string,
  filter: string,
  fields: readonly string[],
): Promise<readonly (readonly string[])[]> {
  const tshark = ['tshark', '-n', '-r', '-', '-Y', filter, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])];
  const image = imageNamed(testHost.facts.images, 'qemu').reference;
  await using container = await Container.start(testHost.engine, {
    name: 'decode',
    image,
    entrypoint: [],
    command: tshark,
    networkMode: 'none',
  });
  container.expectExit();
  container.stdin.end(await readFile(path));
  const [output, { code }] = await Promise.all([buffer(container.stdout), container.waitForExit({ timeoutMs: 60_000 })]);
  if (code !== 0) throw new Error(`tshark ended with ${code}`);
  const text = output.toString().trim();
  return text === '' ? [] : text.split('\n').map((line) => line.split('\t'));
}
