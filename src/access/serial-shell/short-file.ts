// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../../core/deadline.ts';
import { quoteWord } from '../../core/text.ts';
import { md5, sum } from './checksum.ts';
import { escapeText } from './quote.ts';
import type { ShellSession } from './shell-session.ts';

/**
 * Writes a file that fits into the line that is typed, by one command of two programs: starting programs is what takes a guest
 * without KVM the longest. As with {@link putFile}, `path` gets the complete file or is not touched.
 * @returns false if this did not work, for whatever reason; a part of the file may be left at `<path>.alpy`
 * @throws what {@link ShellSession.run} throws
 */
export async function putShortFile(
  session: ShellSession,
  bytes: Uint8Array,
  path: string,
  mode: number,
  wait: Wait,
): Promise<boolean> {
  if (bytes.includes(0)) return false; // sum does not count them at the beginning
  const isByUmask = (mode & 0o7711) === 0o600; // other modes need chmod: a new file is not executable, and sum must be able to read it
  const text = [
    // an existing file would keep its mode, so write to none (set -C); mv would move it into a directory and replace a device
    `f=${quoteWord(path)};p=$f.alpy;[ -e "$f" ]&&{ [ -f "$f" ]||exit 1;};umask ${octal(isByUmask ? 0o777 & ~mode : 0o077)};set -C;command printf %b '${escapeText(bytes)}' >"$p"`,
    `{ c=sum;command -v $c >/dev/null||c=md5sum;set -- $($c <"$p");}`, // busybox of Debian has no sum
    `case $1 in ${sum(bytes)}|${md5(bytes)});;*)false;esac`,
    ...(isByUmask ? [] : [`chmod ${octal(mode)} "$p"`]),
    `exec mv -f "$p" "$f"`,
  ].join('&&');
  if (!session.takesInOneLine(text)) return false;
  const { exitStatus } = await session.run({ text, title: `write ${path}`, isOwn: true }, wait);
  return exitStatus === 0;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(3, '0');
}
