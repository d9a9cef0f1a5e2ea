// SPDX-License-Identifier: GPL-3.0-or-later

/** What of the log-in shell's own state reaches into the commands that it runs. */
export interface ShellState {
  /** `set -e` is on: the first failure would end the shell */
  readonly endsOnFailure: boolean;
  /** `set -x` is on, or there is a trap on DEBUG or ERR: they print between the markers */
  readonly isTalkative: boolean;
}

/** A shell of which nothing is known yet: everything is to be expected of it. */
export const unknownState: ShellState = { endsOnFailure: true, isTalkative: true };
/** A shell after `prepareShell`. */
export const plainState: ShellState = { endsOnFailure: false, isTalkative: false };

/** How a command is run. */
export interface RunTextOptions {
  /** redirections of the command, in shell syntax */
  readonly redirect: string;
  /** runs it in the login shell itself, not in a subshell */
  readonly keepState: boolean;
  /** runs it without the aliases, options and field separators of the log-in shell: it is not the user's command */
  readonly isOwn: boolean;
  /** what the log-in shell is like */
  readonly state: ShellState;
}

const raw = String.raw;

/**
 * Runs a command that is one word for the shell, and prints the end marker. A backslash or `command` in front of a builtin
 * keeps off aliases and functions of that name.
 * @param id - of the markers
 * @param before - what to do before the end marker, empty or ending with `;`
 */
export function runText(id: string, word: string, options: RunTextOptions, before = ''): string {
  const { redirect, keepState, isOwn, state } = options;
  if (keepState) return runInLoginShell(id, word, options, before);
  if (state.endsOnFailure || state.isTalkative) return runApart(id, word, options, before);
  const run = raw`(${isOwn ? likeNew : ''}\eval ${word}) ${redirect}`;
  if (before === '') return `${run};${printEnd(id, '0', '$?')}`;
  return `${run};alpy_s=$?;${before}${printEnd(id, '0', '$alpy_s')}`;
}

/** Prints a marker that has no number. */
export function printMarker(id: string, kind: string): string {
  return raw`\command printf '\n@@%s\n' '${id}''${kind}@@'`;
}

/** Changes the terminal; not every device has the program. */
export function stty(setting: string): string {
  return raw`\command stty ${setting} 2>/dev/null`;
}

/** Reads a line as it is into the variable whose name comes next. */
export const readLine = raw`IFS= \command read -r`;

/** Makes a subshell like that of a new shell. Not every shell has aliases. */
const likeNew = raw`{ \unalias -a;\set +Cefux;\unset IFS;} 2>/dev/null;`;

/** Ends what prints between the commands of a shell, or ends it at a failure. */
const quieten = raw`\set +ex;\command trap - DEBUG ERR`;

/**
 * For a shell that would end, or print something of its own: a subshell around it all, which always succeeds, and has neither
 * traps nor tracing. The subshell within, in which the command runs, gets back the options that the log-in shell has.
 */
function runApart(id: string, word: string, { redirect, isOwn }: RunTextOptions, before: string): string {
  const save = `{ alpy_o=$-;${quieten};} >/dev/null 2>&1`;
  const restore = raw`alpy_x=;case $alpy_o in *e*)alpy_x='\set -e;';esac;case $alpy_o in *x*)alpy_x=$alpy_x'\set -x;';esac;`;
  const run = isOwn ? raw`(${likeNew}\eval ${word}) ${redirect}` : raw`(${restore}\eval "$alpy_x"${word}) ${redirect}`;
  return `(${save};${run};alpy_s=$?;${before}${printEnd(id, '0', '$alpy_s')})`;
}

/**
 * Looks afterwards what the log-in shell has become, in a subshell, since a trap on DEBUG prints before each command of the
 * shell it belongs to.
 */
function runInLoginShell(id: string, word: string, { redirect, state }: RunTextOptions, before: string): string {
  const look = [
    `alpy_o=$-`,
    raw`alpy_t=$(\trap)`,
    quieten,
    `alpy_f=0`,
    `case $alpy_o in *e*)alpy_f=1;esac`,
    `case $alpy_o$alpy_t in *x*|*DEBUG*|*ERR*)alpy_f=$((alpy_f+2));esac`, // too much does no harm: an x in some other trap
  ].join(';');
  const run = raw`\command eval ${word} ${redirect}`;
  const end = `${before}${printEnd(id, '$alpy_f', '$alpy_s')}`;
  if (!state.endsOnFailure) return `${run};({ alpy_s=$?;${look};} >/dev/null 2>&1;${end})`;
  return `alpy_s=0;${run}||{ alpy_s=$?;} >/dev/null 2>&1;({ ${look};} >/dev/null 2>&1;${end})`;
}

function printEnd(id: string, state: string, status: string): string {
  return raw`\command printf '\n@@%s%d%03d@@\n' '${id}''E' ${state} "${status}"`;
}
