// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { typedWord } from './quote.ts';
import { printMarker, readLine, runText, stty, type RunTextOptions, type ShellState } from './run-text.ts';

/** Longest line to type, in `bytes`; the line editor of busybox takes 1023. */
const longestTyped = 1000;

/** Makes a POSIX shell of zsh, which else has neither `command eval` nor comments, and of a small busybox without `command`. */
const adapt = '[ -z "${ZSH_VERSION-}" ]||emulate sh;\\command : 2>/dev/null||eval \'command(){ "$@";}\';';

/**
 * Markers around one command. They hold a random number, and the text that makes the shell print them has quotes within
 * them, so that neither an echo nor an earlier command can be taken for them, however the lines are wrapped.
 *
 * The line from {@link CommandEnvelope.opening} goes to the prompt. It prints the ready marker, reads encoded lines up to one that
 * is `:` alone, acknowledges each, prints the begin marker, runs what it read, and prints the end marker with the exit
 * status. So only this short line ever meets a line editor, and a command never runs twice or by half.
 */
export class CommandEnvelope {
  readonly id = randomBytes(4).toString('hex');
  readonly ready = markerPattern(`@@${this.id}R@@`, String.raw`\r?\n`);
  readonly begin = markerPattern(`@@${this.id}B@@`, String.raw`\r?\n`);
  /** with the exit status and the state of the shell, see {@link endingIn} */
  readonly end = markerPattern(`@@${this.id}E`, ...digits(4), '@', '@');
  /** what acknowledges a line, with its number, see {@link numberIn} */
  readonly acknowledged = markerPattern(`@@${this.id}A`, ...digits(6), '@', '@');

  /**
   * The line to type; it fits {@link longestTyped}. For busybox ash, dash, bash, zsh and other POSIX shells.
   * @param isFirst - whether the shell has taken no such line yet
   */
  opening(options: RunTextOptions, isFirst = false): string {
    return [
      ` ${isFirst ? adapt : ''}${stty('-echo icrnl')}||:`, // a leading blank keeps it out of the history; lines may end with \r
      `alpy_c=`,
      printMarker(this.id, 'R'),
      this.reader('alpy_c=$alpy_c${alpy_l#: }'),
      printMarker(this.id, 'B'),
      runText(this.id, String.raw`"$(\command printf %b "$alpy_c")"`, options, `${stty('echo')};`),
    ].join(';');
  }

  /**
   * The line to type for a short command, which then is part of the line itself: that spares the device several programs and
   * answers. Only for a shell that is known to take commands, since a line that came to nothing cannot be told from a slow one.
   * @returns nothing when that would be too long a line
   */
  wholeLine(text: string, options: RunTextOptions): string | undefined {
    const line = ` ${printMarker(this.id, 'B')};${runText(this.id, typedWord(text), options)}`;
    return line.length <= longestTyped ? line : undefined;
  }

  /** A loop that takes lines up to `:`, does `each` with `$alpy_l` (which begins with `: `) and acknowledges it. */
  reader(each: string): string {
    const ack = String.raw`alpy_n=$((alpy_n+1));\command printf '@@%s%06d@@\n' '${this.id}''A' "$alpy_n"`;
    return `alpy_n=0;while ${readLine} alpy_l;do case $alpy_l in :)break;;esac;${each};${ack};done`;
  }
}

/** What the end marker says. */
export interface Ending {
  readonly exitStatus: number;
  /** what the log-in shell is like after a command that keeps its state; means nothing after others */
  readonly state: ShellState;
}

/** The end of a command, from the named groups of the match of {@link CommandEnvelope.end}. */
export function endingIn(groups: Readonly<Record<string, string | undefined>>): Ending {
  const number = numberIn(groups);
  const state = Math.floor(number / 1000);
  return { exitStatus: number % 1000, state: { endsOnFailure: (state & 1) !== 0, isTalkative: (state & 2) !== 0 } };
}

/** The number in a marker, from the named groups of its match. */
export function numberIn(groups: Readonly<Record<string, string | undefined>>): number {
  return Number(Object.values(groups).join(''));
}

/** One group per digit, since a kernel message may come between any two. */
function digits(count: number): string[] {
  return Array.from({ length: count }, (_, at) => String.raw`(?<digit${at}>\d)`);
}

/** Longest text that may have come between two characters of a marker, in `bytes`. */
const longestIntrusion = 2000;

/**
 * Matches a marker also when the kernel printed something, up to an end of line, between two of its characters: a
 * message of the kernel may come at any byte of what a program prints.
 */
function markerPattern(text: string, ...more: readonly string[]): RegExp {
  const elements = [...text, ...more];
  const intrusion = `[^]{1,${longestIntrusion}}?\\n`;
  const torn = elements.slice(1).map((_, at) => elements.slice(0, at + 1).join('') + intrusion + elements.slice(at + 1).join(''));
  return new RegExp([elements.join(''), `(?<=\\n)(?:${torn.join('|')})`].join('|'));
}
