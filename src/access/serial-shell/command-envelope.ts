// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { typedWord } from './quote.ts';
import { printMarker, readLine, runText, stty, type RunTextOptions, type ShellState } from './run-text.ts';

/** Longest line to type, in `bytes`; the line editor of busybox takes 1023. */
const longestTyped = 1000;

/** Turns zsh into a POSIX shell, because it has neither `command eval` nor comments; adds `command` to a busybox without it. */
const adapt = '[ -z "${ZSH_VERSION-}" ]||emulate sh;\\command : 2>/dev/null||eval \'command(){ "$@";}\';';

/**
 * Markers around one command. They contain a random number, and the text that makes the shell print them has quotes inside
 * them. So neither an echo nor an earlier command can be mistaken for them, however lines are wrapped.
 *
 * The line from {@link CommandEnvelope.opening} goes to the prompt. It prints the ready marker, reads encoded lines up to one
 * that is `:` alone, acknowledges each, prints the begin marker, runs what it read, and prints the end marker with the exit
 * status. So only this short line passes through a line editor, and a command never runs twice or partly.
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
   * @param isFirst - whether the shell has not taken such a line yet
   */
  opening(options: RunTextOptions, isFirst = false): string {
    return [
      ` ${isFirst ? adapt : ''}${stty('-echo icrnl')}||:`, // a leading blank keeps it out of the history; input lines may end with \r
      `alpy_c=`,
      printMarker(this.id, 'R'),
      this.reader('alpy_c=$alpy_c${alpy_l#: }'),
      printMarker(this.id, 'B'),
      runText(this.id, String.raw`"$(\command printf %b "$alpy_c")"`, options, `${stty('echo')};`),
    ].join(';');
  }

  /**
   * The line to type for a short command, which becomes part of the line itself. This saves the device several programs and
   * answers. Only for a shell that is known to take commands, because a lost line looks like a slow one.
   * @returns undefined if the line would be too long
   */
  wholeLine(text: string, options: RunTextOptions): string | undefined {
    const line = ` ${printMarker(this.id, 'B')};${runText(this.id, typedWord(text), options)}`;
    return line.length <= longestTyped ? line : undefined;
  }

  /** A loop that reads lines up to `:`, runs `each` with `$alpy_l` (which begins with `: `) and acknowledges each line. */
  reader(each: string): string {
    const ack = String.raw`alpy_n=$((alpy_n+1));\command printf '@@%s%06d@@\n' '${this.id}''A' "$alpy_n"`;
    return `alpy_n=0;while ${readLine} alpy_l;do case $alpy_l in :)break;;esac;${each};${ack};done`;
  }
}

/** What the end marker says. */
export interface Ending {
  readonly exitStatus: number;
  /** the state of the log-in shell after a command with `keepState`; meaningless after others */
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

/** One group per digit, because a kernel message may come between any two. */
function digits(count: number): string[] {
  return Array.from({ length: count }, (_, at) => String.raw`(?<digit${at}>\d)`);
}

/** Longest text that may come between two characters of a marker, in `bytes`. */
const longestIntrusion = 2000;

/**
 * Matches a marker even if the kernel printed something, up to an end of line, between two of its characters: a message of
 * the kernel may interrupt the output of a program at any byte.
 */
function markerPattern(text: string, ...more: readonly string[]): RegExp {
  const elements = [...text, ...more];
  const intrusion = `[^]{1,${longestIntrusion}}?\\n`;
  const torn = elements.slice(1).map((_, at) => elements.slice(0, at + 1).join('') + intrusion + elements.slice(at + 1).join(''));
  return new RegExp([elements.join(''), `(?<=\\n)(?:${torn.join('|')})`].join('|'));
}
