// SPDX-License-Identifier: GPL-3.0-or-later

const escapeCodes = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[()][0-9A-Za-z]|[=>78])/g;

/** A status line of less in reverse video: at first, the name of the file. */
const statusLine = /\x1b\[7m[^\x1b\r\n]+\x1b\[(?:0|27)?m(?:\x1b\[K)?$/;

/** Output that surely ends with the prompt of a pager: less, more, those of busybox and man, and of vendor command lines. */
const prompts = [
  /\n[ <]*-{2,}\s?\(?more\b[^\n]{0,80}$/i, // --More--(12%), -- more --, ---(more 12%)---, <--- More --->
  /\(END\) ?$/,
  /\blines? \d+-\d+(?:\/\d+)?(?: byte \d+(?:\/\d+)?)?(?: \d+%)?(?: \(END\))? ?$/,
  /\(press h for help or q to quit\) ?$/,
  /(?:press|hit) (?:RETURN|ENTER|SPACE|<space>|any key|q)[^\n]{0,60}$/i,
];

/** An ambiguous prompt of less counts only after this many lines; fewer fit any terminal. */
const fewestLines = 10;

/**
 * Recognises a pager that waits for a key.
 * @param output - the end of the output
 * @param lines - how many lines were printed in total
 * @returns the prompt, or undefined
 */
export function pagerPrompt(output: string, lines: number): string | undefined {
  const text = `\n${output.replace(escapeCodes, '')}`.replaceAll('\x07', '').replace(/[\r\b\x0f]+/g, '\n');
  const prompt = text.slice(text.lastIndexOf('\n') + 1).trim();
  if (prompt === '') return undefined;
  if (prompts.some((pattern) => pattern.test(text))) return prompt;
  return lines >= fewestLines && (prompt === ':' || statusLine.test(output)) ? prompt : undefined;
}
