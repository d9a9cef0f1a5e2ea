// SPDX-License-Identifier: GPL-3.0-or-later
// Writes scripts for bash in the form of GitLab Runner's: a text that is evaluated in a subshell.
// Source: gitlab-org/gitlab-runner 19.4.0, shells/bash.go and helpers/shell_escape.go.
import { join } from 'node:path';
import type { JobVariable } from './variables.ts';

/** What the form of a script depends on. */
export interface BashStyle {
  /** folder for temporary files of the job */
  readonly temporary: string;
  /** feature flags by name */
  readonly flags: ReadonlyMap<string, boolean>;
}

/** Collects the lines of a script. */
export class BashWriter {
  readonly #lines: string[] = [];
  readonly #style: BashStyle;

  constructor(style: BashStyle) {
    this.#style = style;
  }

  isOn(flag: string): boolean {
    return this.#style.flags.get(flag) ?? false;
  }

  /** Quotes a word in the style that the feature flags select. */
  quoted(text: string): string {
    return this.isOn('FF_POSIXLY_CORRECT_ESCAPES') ? posixQuote(text) : quote(text);
  }

  /** Path of a temporary file. */
  temporary(name: string): string {
    return join(this.#style.temporary, name);
  }

  line(...lines: readonly string[]): void {
    this.#lines.push(...lines);
  }

  /** Adds a command whose words are taken literally. */
  command(...words: readonly string[]): void {
    this.line(this.words(words));
  }

  /** Adds a command whose arguments are in double quotes, so the shell expands variables and substitutions in them. */
  expanding(name: string, ...args: readonly string[]): void {
    this.line([this.quoted(name), ...args.map((arg) => `"${arg}"`)].join(' '));
  }

  words(words: readonly string[]): string {
    return words.map((word) => this.quoted(word)).join(' ');
  }

  notice(text: string): void {
    this.line(`echo ${this.quoted(`\x1b[32;1m${text}\x1b[0;m`)}`);
  }

  warning(text: string): void {
    this.line(`echo ${this.quoted(`\x1b[0;33m${text}\x1b[0;m`)}`);
  }

  when(condition: string, body: () => void, elseBody?: () => void): void {
    this.line(`if ${condition}; then`);
    body();
    if (elseBody) {
      this.line('else');
      elseBody();
    }
    this.line('fi');
  }

  removeFile(path: string): void {
    this.expanding('rm', '-f', path);
  }

  removeFolder(path: string): void {
    this.when(`[ -d ${JSON.stringify(path)} ]`, () => {
      this.expanding('chmod', '-R', 'u+rwX', path);
    });
    this.expanding('rm', '-r', '-f', path);
  }

  /** Exports a variable. The value of a file variable is written to a file in the temporary folder. */
  variable({ key, value, file = false }: JobVariable): void {
    if (!file) {
      this.line(`export ${this.quoted(key)}=${this.quoted(value)}`);
      return;
    }
    const path = JSON.stringify(this.temporary(key));
    this.line(`mkdir -p ${JSON.stringify(this.#style.temporary)}`);
    this.line(`printf '%s' ${this.quoted(value)} > ${path}`, `export ${this.quoted(key)}=${path}`);
  }

  /** Exports a variable whose value is in double quotes. */
  exportRaw(key: string, value: string): void {
    this.line(`export ${this.quoted(key)}="${value}"`);
  }

  /** Exports the variables that a file lists, one per line. */
  sourceEnvironment(path: string): void {
    this.line(`mkdir -p ${JSON.stringify(this.#style.temporary)}`, `touch ${JSON.stringify(path)}`);
    this.line(`while read -r line; do export "$line"; done < ${JSON.stringify(path)}`);
  }

  /** Writes variables to a temporary file with a heredoc, in which bash expands their values. @returns its path */
  environmentFile(name: string, variables: Readonly<Record<string, string>>): string {
    const path = this.temporary(name);
    const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r' };
    const lines = Object.entries(variables).map(
      ([key, value]) => `${key}="${value.replace(/[\\"\n\r]/g, (character) => escapes[character] ?? '')}"`,
    );
    this.line(`cat << EOF > ${path}`, ...lines, 'EOF', '');
    return path;
  }

  /** The whole script. @param trace - whether the shell shows each command */
  finish(trace: boolean): string {
    const text = this.quoted(`${this.#lines.join('\n')}\n`);
    return [
      '#!/usr/bin/env bash',
      '',
      "trap 'exit 1' TERM",
      '',
      ...(trace ? ['set -o xtrace'] : []),
      'case "$(set -o)" in *"pipefail"*) set -o pipefail;; esac; set -o errexit',
      'set +o noclobber',
      this.isOn('FF_USE_LEGACY_BASH_EVAL') ? `: | eval ${text}` : `(trap 'exit 1' TERM; eval ${text}) < /dev/null`,
      'exit 0',
      '',
    ].join('\n');
  }
}

const shortEscapes: Readonly<Record<string, string>> = {
  ...{ '\x07': '\\a', '\b': '\\b', '\t': '\\t', '\n': '\\n', '\v': '\\v', '\f': '\\f', '\r': '\\r' },
  ...{ "'": "\\'", '\\': '\\\\' },
};

/** Quotes a word for bash, in ANSI-C quotes if it needs any. */
export function quote(text: string): string {
  if (text === '') return "''";
  if (/^[\w,./@-]+$/.test(text)) return text;
  const escaped = [...Buffer.from(text)].map((byte) => {
    const character = String.fromCharCode(byte);
    const isPlain = byte >= 0x20 && byte < 0x7f;
    return shortEscapes[character] ?? (isPlain ? character : `\\x${byte.toString(16).padStart(2, '0')}`);
  });
  return `$'${escaped.join('')}'`;
}

/** Quotes a word with double quotes if it has certain characters; others, such as `;`, stay unquoted. */
function posixQuote(text: string): string {
  if (text === '') return "''";
  const escaped = text.replace(/[`"\\$]/g, '\\$&');
  return /[`"\\$ !#%&()*<=>?[|]/.test(text) ? `"${escaped}"` : escaped;
}
