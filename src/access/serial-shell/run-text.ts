// SPDX-License-Identifier: GPL-3.0-or-later

/** The part of the log-in shell's state that affects the commands it runs. */
export interface ShellState {
  /** `set -e` is on: the first failure would end the shell */
  readonly endsOnFailure: boolean;
  /** `set -x` is on, or there is a trap on DEBUG or ERR: they print between the markers */
  readonly isTalkative: boolean;
}

/** A shell about which nothing is known yet: assume the worst. */
export const unknownState: ShellState = { endsOnFailure: true, isTalkative: true };
/** A shell after `prepareShell`. */
export const plainState: ShellState = { endsOnFailure: false, isTalkative: false };

/** How a command is run. */
export interface RunTextOptions {
  /** redirections of the command, in shell syntax */
  readonly redirect: string;
  /** runs it in the login shell itself, not in a subshell */
  readonly keepState: boolean;
  /** runs it without the aliases, options and field separators of the log-in shell: it is a command of Alpy's own */
  readonly isOwn: boolean;
  /** the state of the log-in shell */
  readonly state: ShellState;
}

const raw = String.raw;

/**
 * Runs a command that is one word for the shell, and prints the end marker. A backslash or `command` before a builtin
 * bypasses aliases and functions of that name.
 * @param id - of the markers
 * @param before - shell text to run before the end marker, empty or ending with `;`
 */
export function runText(id: string, word: string, options: RunTextOptions, before = ''): string {
  const { redirect, keepState, isOwn, state } = options;
  if (keepState) return runInLoginShell(id, word, options, before);
  if (state.endsOnFailure || state.isTalkative) return runApart(id, word, options, before);
  const run = raw`(${isOwn ? resetState : ''}\eval ${word}) ${redirect}`;
  if (before === '') return `${run};${printEnd(id, '0', '$?')}`;
  return `${run};alpy_s=$?;${before}${printEnd(id, '0', '$alpy_s')}`;
}

/** Prints a marker that has no number. */
export function printMarker(id: string, kind: string): string {
  return raw`\command printf '\n@@%s\n' '${id}''${kind}@@'`;
}

/** Changes the terminal's settings, if the device has the program. */
export function stty(setting: string): string {
  return raw`\command stty ${setting} 2>/dev/null`;
}

/** Reads a line unchanged into the variable whose name follows. */
export const readLine = raw`IFS= \command read -r`;

/** Makes a subshell behave like a new shell. Not every shell has aliases. */
const resetState = raw`{ \unalias -a;\set +Cefux;\unset IFS;} 2>/dev/null;`;

/** Turns off what prints between the commands of a shell, and what ends it at a failure. */
const quieten = raw`\set +ex;\command trap - DEBUG ERR`;

/**
 * For a shell that would end, or print something of its own: an outer subshell, which always succeeds, without traps and tracing.
 * The inner subshell, in which the command runs, gets back the options of the log-in shell.
 */
function runApart(id: string, word: string, { redirect, isOwn }: RunTextOptions, before: string): string {
  const save = `{ alpy_o=$-;${quieten};} >/dev/null 2>&1`;
  const restore = raw`alpy_x=;case $alpy_o in *e*)alpy_x='\set -e;';esac;case $alpy_o in *x*)alpy_x=$alpy_x'\set -x;';esac;`;
  const run = isOwn ? raw`(${resetState}\eval ${word}) ${redirect}` : raw`(${restore}\eval "$alpy_x"${word}) ${redirect}`;
  return `(${save};${run};alpy_s=$?;${before}${printEnd(id, '0', '$alpy_s')})`;
}

/**
 * Examines the state of the log-in shell afterwards. This happens in a subshell, because a trap on DEBUG prints before each
 * command of the shell that it belongs to.
 */
function runInLoginShell(id: string, word: string, { redirect, state }: RunTextOptions, before: string): string {
  const look = [
    `alpy_o=$-`,
    raw`alpy_t=$(\trap)`,
    quieten,
    `alpy_f=0`,
    `case $alpy_o in *e*)alpy_f=1;esac`,
    `case $alpy_o$alpy_t in *x*|*DEBUG*|*ERR*)alpy_f=$((alpy_f+2));esac`, // an x in some other trap matches, too, which does no harm
  ].join(';');
  const run = raw`\command eval ${word} ${redirect}`;
  const end = `${before}${printEnd(id, '$alpy_f', '$alpy_s')}`;
  if (!state.endsOnFailure) return `${run};({ alpy_s=$?;${look};} >/dev/null 2>&1;${end})`;
  return `alpy_s=0;${run}||{ alpy_s=$?;} >/dev/null 2>&1;({ ${look};} >/dev/null 2>&1;${end})`;
}

function printEnd(id: string, state: string, status: string): string {
  return raw`\command printf '\n@@%s%d%03d@@\n' '${id}''E' ${state} "${status}"`;
}
