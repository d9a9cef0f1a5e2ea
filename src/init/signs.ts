// SPDX-License-Identifier: GPL-3.0-or-later

/** What a guest that does not get to its prompt complains about. */
export type Trouble = 'no-boot' | 'no-root' | 'no-memory' | 'panic';

/** A complaint, with the line that shows it. */
export interface Sign {
  readonly trouble: Trouble;
  readonly line: string;
}

/** The first that matches counts: a kernel that has no root file system panics, too. */
const signs: readonly (readonly [Trouble, RegExp])[] = [
  ['no-memory', /out of memory|deadlocked on memory|(?:not enough|insufficient) memory|initramfs unpacking failed: write error/i],
  [
    'no-root',
    /unable to mount root|cannot open root device|(?:can't|cannot|could not|unable to) (?:find|mount|open)(?: the)? root\b/i,
  ],
  ['no-root', /gave up waiting for root|ALERT! +\S+ does not exist|\(initramfs\) *$/i],
  ['no-root', /dracut-initqueue.*(?:timeout|could not boot)|dracut:\/# *$/],
  ['no-root', /mounting root(?: failed|: mounting .* failed)|initramfs emergency recovery shell|ERROR: device '.*' not found/i],
  ['no-root', /^mountroot> *$|mounting from \S+ failed with error|no disk has a file system labelled/im],
  ['no-boot', /no bootable (?:device|option|medium)|not a bootable disk|(?:missing|no) operating system|non-system disk/i],
  ['no-boot', /UEFI Interactive Shell|^Shell> *$|grub rescue>|invalid partition table/im],
  ['panic', /kernel panic - not syncing|^panic: /im],
];

/**
 * Finds what a guest complains about. Pure.
 * @param text - of its console or its screen, without escape codes
 */
export function findTrouble(text: string): Sign | undefined {
  for (const [trouble, pattern] of signs) {
    const found = pattern.exec(text);
    if (found) return { trouble, line: lineAround(text, found.index) };
  }
  return undefined;
}

function lineAround(text: string, index: number): string {
  const start = text.lastIndexOf('\n', index) + 1;
  const [line = ''] = text.slice(start).split(/\r?\n/, 1);
  return line.trim();
}
