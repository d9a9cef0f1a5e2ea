// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { alpyProgram, type Project } from './cli.ts';

/** A terminal with just the escape codes that alpy uses: what a person sees after some output. */
export class Screen {
  #rows: string[] = [''];
  #row = 0;
  #column = 0;
  /** the beginning of an escape code whose end has not come */
  #unfinished = '';

  /** Takes output of a program, in whatever pieces it comes. */
  write(text: string): void {
    const all = this.#unfinished + text;
    const whole = all.replace(/\x1b(?:\[[\d;?]*)?$/, '');
    this.#unfinished = all.slice(whole.length);
    for (const [part, up, erase, , other] of whole.matchAll(/\x1b\[(\d*)A|\x1b\[(0?)J|\x1b\[([\d;?]*[a-zA-Z])|([^])/gu)) {
      if (part.endsWith('A') && part.startsWith('\x1b')) this.#row = Math.max(0, this.#row - Number(up === '' ? 1 : up));
      else if (erase !== undefined) this.#erase();
      else if (other !== undefined) this.#put(other);
    }
  }

  /** Forgets everything, as a terminal that is cleared. */
  clear(): void {
    this.#rows = [''];
    [this.#row, this.#column] = [0, 0];
  }

  /** The lines without spaces at their ends. */
  get lines(): readonly string[] {
    return this.#rows.map((row) => row.trimEnd());
  }

  #put(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') {
      this.#row += 1;
      this.#column = 0;
      this.#rows[this.#row] ??= '';
    } else {
      const characters = [...(this.#rows[this.#row] ?? '').padEnd(this.#column)];
      characters[this.#column] = character;
      this.#rows[this.#row] = characters.join('');
      this.#column += 1;
    }
  }

  #erase(): void {
    this.#rows = this.#rows.slice(0, this.#row + 1);
    this.#rows[this.#row] = [...(this.#rows[this.#row] ?? '')].slice(0, this.#column).join('');
  }
}

/** A program in a pseudo terminal of 100 columns and 40 rows. */
export class TerminalRun {
  readonly child: ChildProcess;
  readonly screen = new Screen();
  /** everything that it has written */
  output = '';
  /** called whenever the screen has changed */
  readonly #looks = new Set<() => void>();

  /** Starts `alpy` in a project. */
  constructor(project: Project, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const words = [process.execPath, alpyProgram, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
    const inherited = Object.entries(process.env).filter(([name]) => !/^(CI|CI_.*|NO_COLOR|FORCE_COLOR)$/.test(name));
    this.child = spawn('script', ['-qefc', `stty cols 100 rows 40; exec ${words.join(' ')}`, '/dev/null'], {
      cwd: project.directory,
      env: { ...Object.fromEntries(inherited), ...project.env, TERM: 'xterm', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      // what is on the screen for a moment may come in one piece with what overwrites it
      for (const part of text.split(/(?=\x1b\[\d*A)/)) {
        this.screen.write(part);
        for (const look of this.#looks) look();
      }
    });
  }

  /** Types text. */
  type(text: string): void {
    this.child.stdin?.write(text);
  }

  /** Waits until a line on the screen matches. @throws Error if the program ends before */
  async waitFor(pattern: RegExp): Promise<void> {
    const stdout = this.child.stdout!;
    const found = Promise.withResolvers<undefined>();
    const look = (): void => {
      if (this.screen.lines.some((line) => pattern.test(line))) found.resolve(undefined);
    };
    const end = (): void => {
      found.reject(new Error(`alpy ended without printing ${String(pattern)}:\n${this.screen.lines.join('\n')}`));
    };
    this.#looks.add(look);
    stdout.once('end', end);
    look();
    await found.promise.finally(() => {
      this.#looks.delete(look);
      stdout.off('end', end);
    });
  }

  /** Waits for its end. @returns the exit status */
  async end(): Promise<number | null> {
    const [status] = (await once(this.child, 'close')) as [number | null];
    return status;
  }
}
