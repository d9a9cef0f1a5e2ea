// SPDX-License-Identifier: GPL-3.0-or-later
// A Linux without a disk: the kernel of the `qemu` image, and an initial RAM disk that runs lines from the console. It boots in a few
// seconds without KVM.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import type { Dut } from '../../src/testbed/dut.ts';

/** Where the `qemu` image keeps a kernel and an initial RAM disk with busybox, to try KVM. */
const probeFolder = '/usr/local/share/alpy/probe';

/** The console shows it when the guest reads lines. */
export const tinyReady = 'tiny guest: ready';
const done = 'tiny guest: done';

/** @param atBoot - a line of shell that runs before the guest is ready */
const initOf = (atBoot: string): string => `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
stty -echo
${atBoot}
echo '${tinyReady}'
while read -r line; do
  eval "$line"
  echo '${done}'
done
`;

/** What makes a machine boot the guest. The kernel starts its first program only if `kernelArgs` names it. */
export interface TinyGuest {
  readonly kernel: string;
  readonly initrd: string;
  readonly kernelArgs: string;
}

/**
 * Writes the kernel and the initial RAM disk of the guest into a folder.
 * @param image - the container image `qemu`
 * @param atBoot - a line of shell that the guest runs before it is ready
 */
export async function writeTinyGuest(image: string, folder: string, atBoot: string): Promise<TinyGuest> {
  const [kernel, initrd] = [join(folder, 'vmlinuz'), join(folder, 'initrd')];
  const script = `cp ${probeFolder}/vmlinuz /work/vmlinuz; cat ${probeFolder}/initramfs /work/more >/work/initrd; chmod 644 /work/*`;
  const more = cpio([
    ...['proc', 'sys'].map((name) => ({ name, mode: 0o040755, content: '' })),
    { name: 'tiny-init', mode: 0o100755, content: initOf(atBoot) },
  ]);
  await writeFile(join(folder, 'more'), gzipSync(more)); // the kernel unpacks one archive after the other
  await execa('docker', ['run', '--rm', '--network', 'none', '-v', `${folder}:/work`, image, 'sh', '-ec', script]);
  return { kernel, initrd, kernelArgs: 'console=ttyS0 quiet rdinit=/tiny-init' };
}

/** Runs a line of shell in the guest. Returns what it has printed. */
export async function ask(dut: Dut, line: string): Promise<string> {
  await dut.console.sendLine(line);
  const { before } = await dut.console.expect(done, { timeoutMs: 30_000 * dut.timeFactor });
  return before.trim().replaceAll('\r', '');
}

/** An archive of the format "newc". */
function cpio(files: readonly { readonly name: string; readonly mode: number; readonly content: string }[]): Buffer {
  const last = { name: 'TRAILER!!!', mode: 0, content: '' };
  return Buffer.concat(
    [...files, last].map(({ name, mode, content }, index) => {
      const fields = [index + 1, mode, 0, 0, 1, 0, Buffer.byteLength(content), 0, 0, 0, 0, name.length + 1, 0];
      const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${name}\0`;
      return Buffer.concat([padded(header), padded(content)]);
    }),
  );
}

function padded(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
