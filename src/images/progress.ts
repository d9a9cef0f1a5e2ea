// SPDX-License-Identifier: GPL-3.0-or-later

/** Receives one line about one image. Must neither throw nor block. */
export type Progress = (image: string, line: string) => void;

/** Options of builds, pulls and look-ups. */
export interface WorkOptions {
  /** receives the output */
  readonly onLine?: Progress | undefined;
  /** stops the work; its reason is thrown */
  readonly signal?: AbortSignal | undefined;
}

/** How many lines are kept. */
const keptLines = 20;

/** Keeps the last lines of an output, for errors. */
export class OutputTail {
  readonly #lines: string[] = [];
  readonly #onLine: (line: string) => void;
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** Adds output, which may end in the middle of a line. */
  write(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#add(line);
  }

  /** The last lines, oldest first, including an incomplete last one. */
  end(): readonly string[] {
    if (this.#rest !== '') this.#add(this.#rest);
    this.#rest = '';
    return this.#lines;
  }

  #add(line: string): void {
    const shown = line.trimEnd().split('\r').at(-1) ?? ''; // progress bars overwrite their line
    if (shown.trim() === '') return;
    this.#onLine(shown);
    this.#lines.push(shown);
    if (this.#lines.length > keptLines) this.#lines.shift();
  }
}
