// SPDX-License-Identifier: GPL-3.0-or-later

/** Boot sector: prints the text that follows it on COM1, waits for a q there, and powers off by ACPI. */
const program = [
  ...[0x31, 0xc0, 0x8e, 0xd8, 0xfb, 0xbe, 0x37, 0x7c], // ds = 0; sti; si = text
  ...[0xac, 0x84, 0xc0, 0x74, 0x11, 0x88, 0xc4], // next: al = *si++; if 0 go to wait
  ...[0xba, 0xfd, 0x03, 0xec, 0xa8, 0x20, 0x74, 0xfb], // until the line status has "can send"
  ...[0x88, 0xe0, 0xb2, 0xf8, 0xee, 0xeb, 0xea], // send; go to next
  ...[0xf4, 0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74, 0xf7], // wait: hlt until something was received
  ...[0xb2, 0xf8, 0xec, 0x3c, 0x71, 0x75, 0xf0], // if it is no q go to wait
  ...[0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef, 0xeb, 0xe7], // power off
];

const diskBytes = 1024 * 1024;

/**
 * The disk of a minimal guest: its boot sector prints a text on the serial console and powers the machine off when it receives a q
 * there. Pure.
 * @param text - at most 400 ASCII characters
 */
export function tinyGuestDisk(text: string): Buffer {
  const disk = Buffer.alloc(diskBytes);
  disk.set(program);
  disk.write(`${text}\r\n`, program.length, 'latin1');
  disk.writeUInt16LE(0xaa55, 510);
  return disk;
}
