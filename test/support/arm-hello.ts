// SPDX-License-Identifier: GPL-3.0-or-later
import { writeFile } from 'node:fs/promises';

/** Writes a firmware for the machine `virt` that prints a text to the serial port, and then sends back each byte that it receives. */
export async function writeArmHello(path: string, text: string): Promise<void> {
  const program = [
    0xd2a12000, // mov x0, 0x09000000 (the serial port)
    0x10000141, // adr x1, text
    0x38401422, // next: ldrb w2, [x1], 1
    0x34000062, // cbz w2, echo
    0xb9000002, // str w2, [x0]
    0x17fffffd, // b next
    0xb9401802, // echo: ldr w2, [x0, 0x18] (flags)
    0x3727ffe2, // tbnz w2, 4, echo (nothing has been received)
    0xb9400002, // ldr w2, [x0]
    0xb9000002, // str w2, [x0]
    0x17fffffc, // b echo
  ];
  const code = Buffer.alloc(program.length * 4);
  program.forEach((word, index) => code.writeUInt32LE(word, index * 4));
  await writeFile(path, Buffer.concat([code, Buffer.from(`${text}\0`)]));
}
