// SPDX-License-Identifier: GPL-3.0-or-later

const escapeCodes = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[()][0-9A-Za-z]|[=>78])/g;

/** A status line of less in reverse video: the name of the file, at its beginning. */
const statusLine = /\x1b\[7m[^\x1b\r\n]+\x1b\[(?:0|27)?m(?:\x1b\[K)?$/;

/** Ends of the output that are surely the prompt of a pager: less, more, those of busybox, of man, and of command lines. */
const prompts = [
  /\n[ <]*-{2,}\s?\(?more\b[^\n]{0,80}$/i, // --More--(12%), -- more --, ---(more 12%)---, <--- More --->
  /\(END\) ?$/,
  /\blines? \d+-\d+(?:\/\d+)?(?: byte \d+(?:\/\d+)?)?(?: \d+%)?(?: \(END\))? ?$/,
  /\(press h for help or q to quit\) ?$/,
  /(?:press|hit) (?:RETURN|ENTER|SPACE|<space>|any key|q)[^\n]{0,60}$/i,
];

/** How many lines come before what only together with them is the prompt of less; fewer fit any terminal. */
const fewestLines = 10;

/**
 * Recognises a pager that waits for a key.
 * @param output - the end of the output
 * @param lines - how many lines there were in all
 * @returns the prompt, or nothing
 */
export function pagerPrompt(output: string, lines: number): string | undefined {
  const text = `\n${output.replace(escapeCodes, '')}`.replaceAll('\x07', '').replace(/[\r\b\x0f]+/g, '\n');
  const prompt = text.slice(text.lastIndexOf('\n') + 1).trim();
  if (prompt === '') return undefined;
  if (prompts.some((pattern) => pattern.test(text))) return prompt;
  return lines >= fewestLines && (prompt === ':' || statusLine.test(output)) ? prompt : undefined;
}
