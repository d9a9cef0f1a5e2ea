// SPDX-License-Identifier: GPL-3.0-or-later

/** Takes one line about one image; must neither throw nor wait. */
export type Progress = (image: string, line: string) => void;

/** What builds, pulls and look-ups have in common. */
export interface WorkOptions {
  /** takes what is said on the way */
  readonly onLine?: Progress | undefined;
  /** ends the work early; its reason is thrown */
  readonly signal?: AbortSignal | undefined;
}

const kept = 20;

/** The last lines of an output, and where it stands: what an error needs. */
export class OutputTail {
  readonly #lines: string[] = [];
  readonly #onLine: (line: string) => void;
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** Adds a piece of output, which may end within a line. */
  write(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#add(line);
  }

  /** The last lines, oldest first; a torn last one counts. */
  end(): readonly string[] {
    if (this.#rest !== '') this.#add(this.#rest);
    this.#rest = '';
    return this.#lines;
  }

  #add(line: string): void {
    const shown = line.trimEnd().split('\r').at(-1) ?? ''; // progress bars write over themselves
    if (shown.trim() === '') return;
    this.#onLine(shown);
    this.#lines.push(shown);
    if (this.#lines.length > kept) this.#lines.shift();
  }
}
