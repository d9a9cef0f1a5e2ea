// SPDX-License-Identifier: GPL-3.0-or-later
import { codeOf, EnvironmentError, messageOf } from '../core/errors.ts';
import { readPlainEnd } from '../core/plain-file.ts';
import { failureLines } from './failure-text.ts';
import type { TestReport } from './model.ts';
import { testLine } from './terminal.ts';
import { escapeControls, plainLines } from './text.ts';

/** Options of a {@link JobLog}. */
export interface JobLogOptions {
  /** receives one line without its line end */
  readonly write: (line: string) => void;
  /** largest size of the log with its line ends, in bytes of UTF-8; default: 1,000,000 */
  readonly limitBytes?: number;
  /** returns the time in `ms` since 1970; default: the system clock */
  readonly nowMs?: () => number;
}

/** Bytes reserved for essential lines, but at most half of the log. */
const reserveBytes = 65_536;
const restLine = '… the rest is in the artifacts';
const maxNameLength = 100;

/**
 * The log of a GitLab job. It has collapsible sections and never exceeds its limit: a runner cuts off a log that is too long
 * (`output_limit`, default 4 MiB), and the summary at the end would be lost. All texts are escaped, so that nothing that a guest
 * prints opens or closes a section. Prints no times because the runner does.
 * Format of sections: https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections
 */
export class JobLog {
  readonly #write: (line: string) => void;
  readonly #nowMs: () => number;
  readonly #limit: number;
  readonly #bodyLimit: number;
  readonly #names = new Set<string>();
  #used = 0;
  #bodyUsed = 0;
  /** bytes reserved for `restLine`; 0 after it was written */
  #restSize = sizeOf(restLine);
  /** bytes reserved for the end of the open section */
  #endSize = 0;
  #full = false;

  constructor({ write, limitBytes = 1_000_000, nowMs = Date.now }: JobLogOptions) {
    this.#write = write;
    this.#nowMs = nowMs;
    this.#limit = limitBytes;
    this.#bodyLimit = limitBytes - Math.min(reserveBytes, Math.floor(limitBytes / 2)) - this.#restSize;
  }

  /** Adds a line. The first line that does not fit and all later ones are replaced by one line that says where the rest is. */
  line(text: string): void {
    if (!this.#body(escapeControls(text))) this.#printRestLine();
  }

  /**
   * Adds a section. It is closed even if not all lines fit.
   * @param name - any text; it is changed so that it consists of `A-Za-z0-9_.-` and is unique in this log
   * @param header - the visible line of a collapsed section
   * @returns false if not even the header fits; then the section is left out
   */
  section(name: string, header: string, { collapsed }: { readonly collapsed: boolean }, lines: readonly string[]): boolean {
    const unique = this.#uniqueName(name);
    const options = collapsed ? '[collapsed=true]' : '';
    const now = String(Math.floor(this.#nowMs() / 1000));
    const end = `\x1b[0Ksection_end:${now}:${unique}\r\x1b[0K`;
    this.#endSize = sizeOf(end);
    const begun = this.#body(`\x1b[0Ksection_start:${now}:${unique}${options}\r\x1b[0K${escapeControls(header)}`);
    const isWhole = begun && lines.every((line) => this.#body(escapeControls(line)));
    this.#endSize = 0;
    if (begun) this.#printBody(end);
    if (!isWhole) this.#printRestLine(); // outside of the section, which may be collapsed
    return begun;
  }

  /** Adds a line that must not be missing, such as a verdict or the summary. 64 KiB are reserved for these; the rest is cut off. */
  essential(text: string): void {
    this.#print(cut(escapeControls(text), this.#limit - this.#used - this.#restSize - 1));
  }

  /** @returns false if this line or an earlier one did not fit */
  #body(line: string): boolean {
    const size = sizeOf(line) + this.#endSize;
    const fits = this.#bodyUsed + size <= this.#bodyLimit && this.#used + size + this.#restSize <= this.#limit;
    this.#full ||= !fits;
    if (!this.#full) this.#printBody(line);
    return !this.#full;
  }

  #printBody(line: string): void {
    this.#bodyUsed += sizeOf(line);
    this.#print(line);
  }

  #printRestLine(): void {
    if (this.#restSize > 0) this.#print(cut(restLine, this.#limit - this.#used - 1));
    this.#restSize = 0;
  }

  #print(line: string | undefined): void {
    if (line === undefined) return;
    this.#used += sizeOf(line);
    this.#write(line);
  }

  /** GitLab compares names by their letters and digits only, ignoring case (`sanitize_section_name` in `Ansi2json`). */
  #uniqueName(name: string): string {
    const safe = name.replace(/[^A-Za-z0-9_.-]+/g, '_').slice(0, maxNameLength) || 'section';
    const key = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '-');
    let unique = safe;
    for (let n = 2; this.#names.has(key(unique)); n++) unique = `${safe}-${n}`;
    this.#names.add(key(unique));
    return unique;
  }
}

/** Bytes of a line with its line end. */
function sizeOf(line: string): number {
  return Buffer.byteLength(line) + 1;
}

/** The first `maxBytes` bytes of a text, ending with `…` if something was cut off; `undefined` if nothing fits. */
function cut(text: string, maxBytes: number): string | undefined {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const mark = '…';
  let end = maxBytes - Buffer.byteLength(mark);
  if (end < 0) return undefined;
  const bytes = Buffer.from(text);
  while (end > 0 && isContinuation(bytes[end])) end--; // do not split a character
  return bytes.toString('utf8', 0, end) + mark;
}

/** Whether a byte of UTF-8 is not the first of its character. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** The console logs of a test, one for each device, for {@link consoleTail}: the readable ones if they exist. */
export function consoleArtifacts({ artifacts }: TestReport): readonly string[] {
  const isConsole = /(^|\/)console(-[^/]+)?\.(txt|log)$/;
  const readable = (file: string): string => file.replace(/\.log$/, '.txt');
  return artifacts.filter((file) => isConsole.test(file) && (file === readable(file) || !artifacts.includes(readable(file))));
}

/** The end of a console log. */
export interface ConsoleTail {
  /** the log; one of {@link consoleArtifacts} */
  readonly file: string;
  readonly lines: readonly string[];
}

/**
 * Adds one test to the log: a collapsed section if it passed, a line if it was skipped, otherwise an open section with its errors,
 * its steps and the ends of the consoles. If the log is full, the headings of failed tests are still added.
 * @param tails - of the consoles; 40 lines of each are shown
 * @param steps - from `stepLines`
 */
export function testSection(log: JobLog, test: TestReport, tails: readonly ConsoleTail[], steps: readonly string[]): void {
  const heading = testLine(test);
  if (test.status === 'skipped') log.line(heading);
  else if (test.status === 'passed') log.section(test.fullName, heading, { collapsed: true }, steps);
  else {
    const ends = tails
      .filter(({ lines }) => lines.length > 0)
      .flatMap(({ file, lines }) => ['', `Last lines of ${file}:`, ...lines.slice(-40).map((line) => `  ${line}`)]);
    const lines = [...failureLines(test.errors, { maxTextLength: 4000 }), '', ...steps, ...ends];
    if (!log.section(test.fullName, heading, { collapsed: false }, lines)) log.essential(heading);
  }
}

/**
 * Reads the last lines of a file, without escape codes. Reads only the end of the file. A first line that is cut off is left out,
 * unless it is the only line; then it begins with a whole character.
 * @param lines - most lines to return
 * @param maxBytes - most bytes to read
 * @returns no lines if there is no such file
 * @throws {@link EnvironmentError} if it cannot be read
 */
export async function consoleTail(file: string, { lines = 40, maxBytes = 16_384 } = {}): Promise<readonly string[]> {
  try {
    const text = plainLines((await readEnd(file, maxBytes)).toString('utf8').replace(/\r+\n/g, '\n'));
    if (text === '' || lines <= 0) return []; // slice(-0) would return all lines
    return text.replace(/\n$/, '').split('\n').slice(-lines);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw new EnvironmentError(`cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}

async function readEnd(file: string, maxBytes: number): Promise<Buffer> {
  const bytes = await readPlainEnd(file, maxBytes + 1); // the byte before shows whether the first line is whole
  if (bytes.length <= maxBytes) return bytes;
  const newline = bytes.indexOf('\n');
  if (newline >= 0 && newline < bytes.length - 1) return bytes.subarray(newline + 1);
  const first = bytes.findIndex((byte, index) => index > 0 && !isContinuation(byte));
  return bytes.subarray(first < 0 ? bytes.length : first);
}
