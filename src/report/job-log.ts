// SPDX-License-Identifier: GPL-3.0-or-later
import { open } from 'node:fs/promises';
import { codeOf, EnvironmentError, messageOf } from '../core/errors.ts';
import type { ErrorReport, TestReport } from './model.ts';
import { testLine } from './terminal.ts';
import { capText, escapeControls, plainLines } from './text.ts';

/** What a {@link JobLog} needs. */
export interface JobLogOptions {
  /** takes one line, without its end */
  readonly write: (line: string) => void;
  /** bytes of UTF-8, line ends included, that the log may have; default: 1,000,000 */
  readonly limitBytes?: number;
  /** the time in `ms` since 1970; default: the clock */
  readonly nowMs?: () => number;
}

/** Bytes kept back for essential lines, unless that were more than half of the log. */
const reserveBytes = 65_536;
const restLine = '… the rest is in the files of the artifacts';
const maxNameLength = 100;

/**
 * The log of a GitLab job. It has collapsible sections and never passes its limit: a runner cuts off a log that is too
 * long (`output_limit`, 4 MiB at first), and with it the summary at the end. All texts are escaped, so that nothing that
 * a guest prints opens or closes a section. Prints no times, as the runner does.
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
  /** bytes promised to the line that tells of the rest; 0 once it has been written */
  #restSize = sizeOf(restLine);
  /** bytes promised to the end of the open section */
  #endSize = 0;
  #full = false;

  constructor({ write, limitBytes = 1_000_000, nowMs = Date.now }: JobLogOptions) {
    this.#write = write;
    this.#nowMs = nowMs;
    this.#limit = limitBytes;
    this.#bodyLimit = limitBytes - Math.min(reserveBytes, Math.floor(limitBytes / 2)) - this.#restSize;
  }

  /** Adds a line; from the first one that finds no place on, none, but for one that says where the rest is. */
  line(text: string): void {
    if (!this.#body(escapeControls(text))) this.#tellOfRest();
  }

  /**
   * Adds a section, whose end comes even if not all lines find place.
   * @param name - made of `A-Za-z0-9_.-` and unique in this log, whatever is given
   * @param header - what is seen of a collapsed section
   * @returns false when there was no place to begin it; then nothing is written
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
    if (!isWhole) this.#tellOfRest(); // after the end, where it is seen even if the section is collapsed
    return begun;
  }

  /** Adds a line that must not be missing: a verdict, the summary. There are 64 KiB for such; what passes them is cut. */
  essential(text: string): void {
    this.#print(cut(escapeControls(text), this.#limit - this.#used - this.#restSize - 1));
  }

  /** @returns false when there is no place, now or before */
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

  #tellOfRest(): void {
    if (this.#restSize > 0) this.#print(cut(restLine, this.#limit - this.#used - 1));
    this.#restSize = 0;
  }

  #print(line: string | undefined): void {
    if (line === undefined) return;
    this.#used += sizeOf(line);
    this.#write(line);
  }

  /** GitLab tells names apart only by their letters and digits, without case (`sanitize_section_name` in `Ansi2json`). */
  #uniqueName(name: string): string {
    const safe = name.replace(/[^A-Za-z0-9_.-]+/g, '_').slice(0, maxNameLength) || 'section';
    const key = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '-');
    let unique = safe;
    for (let n = 2; this.#names.has(key(unique)); n++) unique = `${safe}-${n}`;
    this.#names.add(key(unique));
    return unique;
  }
}

/** Bytes of a line with its end. */
function sizeOf(line: string): number {
  return Buffer.byteLength(line) + 1;
}

/** The beginning of a text that has at most `maxBytes` bytes, with a mark when it is not all; nothing when none fits. */
function cut(text: string, maxBytes: number): string | undefined {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const mark = '…';
  let end = maxBytes - Buffer.byteLength(mark);
  if (end < 0) return undefined;
  const bytes = Buffer.from(text);
  while (end > 0 && isContinuation(bytes[end])) end--; // never inside of a character
  return bytes.toString('utf8', 0, end) + mark;
}

/** Whether a byte of UTF-8 goes on with a character that began before it. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Which file of a test holds the console, to be read by {@link consoleTail}: the one for people, if there is one. */
export function consoleArtifact({ artifacts }: TestReport): string | undefined {
  const named = (name: string): string | undefined => artifacts.find((file) => file.split('/').at(-1) === name);
  return named('console.txt') ?? named('console.log');
}

/**
 * Adds what there is to say of one test: a collapsed section for one that passed, a line for one that was skipped, an
 * open section for any other, with its messages, its steps and the end of the console. When the log is full, the
 * headings of tests that went wrong still come through.
 * @param tail - last lines of {@link consoleArtifact}; the last 40 of them are shown
 * @param steps - lines of `stepLines`
 */
export function testSection(log: JobLog, test: TestReport, tail: readonly string[], steps: readonly string[]): void {
  const heading = testLine(test);
  if (test.status === 'skipped') log.line(heading);
  else if (test.status === 'passed') log.section(test.fullName, heading, { collapsed: true }, steps);
  else {
    const last = tail.slice(-40);
    const from = `Last lines of ${consoleArtifact(test) ?? 'the console'}:`;
    const end = last.length === 0 ? [] : ['', from, ...last.map((line) => `  ${line}`)];
    const lines = [...test.errors.flatMap(errorLines), '', ...steps, ...end];
    if (!log.section(test.fullName, heading, { collapsed: false }, lines)) log.essential(heading);
  }
}

function errorLines({ message, diff, code }: ErrorReport): readonly string[] {
  const text = [message, diff].filter((part) => part !== undefined && part !== '').join('\n');
  return [...capText(plainLines(text), 4000).split('\n'), ...(code === undefined ? [] : [`(${code})`])];
}

/**
 * The last lines of a file, of which only the end is read; without escape codes. A first line that would not be whole is
 * left out, unless it is the only one; then it begins with a whole character.
 * @param lines - how many at most
 * @param maxBytes - how much of the file to read at most
 * @returns nothing when there is no such file
 * @throws {@link EnvironmentError} when it cannot be read
 */
export async function consoleTail(file: string, { lines = 40, maxBytes = 16_384 } = {}): Promise<readonly string[]> {
  try {
    const text = plainLines((await readEnd(file, maxBytes)).toString('utf8').replace(/\r+\n/g, '\n'));
    if (text === '' || lines <= 0) return []; // slice(-0) would give all
    return text.replace(/\n$/, '').split('\n').slice(-lines);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw new EnvironmentError(`cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}

async function readEnd(file: string, maxBytes: number): Promise<Buffer> {
  await using handle = await open(file);
  const { size } = await handle.stat();
  const isCut = size > maxBytes;
  const length = isCut ? maxBytes + 1 : size; // the byte before tells whether the first line is whole
  if (length === 0) return Buffer.alloc(0);
  const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(length), position: size - length });
  const bytes = buffer.subarray(0, bytesRead);
  if (!isCut) return bytes;
  const newline = bytes.indexOf('\n');
  if (newline >= 0 && newline < bytes.length - 1) return bytes.subarray(newline + 1);
  const first = bytes.findIndex((byte, index) => index > 0 && !isContinuation(byte));
  return bytes.subarray(first < 0 ? bytes.length : first);
}
