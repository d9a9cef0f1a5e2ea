// SPDX-License-Identifier: GPL-3.0-or-later

/** Options without a value. They must be written out: shortened or joined ones are refused. */
const fetchSwitches =
  '-4 -6 -f -n -p -P -q -t -v --atomic --force --ipv4 --ipv6 --keep --no-auto-gc --no-auto-maintenance --no-filter --no-progress --no-prune --no-recurse-submodules --no-show-forced-updates --no-tags --no-write-fetch-head --progress --prune --prune-tags --quiet --refetch --show-forced-updates --tags --unshallow --update-shallow --verbose';
const fetchValues = '--deepen --depth --filter --jobs --shallow-exclude --shallow-since -j';
const cloneSwitches =
  '-4 -6 -q -v --ipv4 --ipv6 --no-progress --no-recurse-submodules --no-single-branch --no-tags --progress --quiet --single-branch --sparse --verbose';
const cloneValues = '--depth --filter --jobs --shallow-exclude --shallow-since -j';
const updateSwitches =
  '-f -N -q -v --checkout --force --merge --no-fetch --no-progress --no-recommend-shallow --no-single-branch --progress --quiet --rebase --recommend-shallow --remote --single-branch --verbose';
const updateValues = '--depth --filter --jobs -j';

/**
 * Options that a job may give to git, by the variable that holds them. They only affect the job's own folder. Not in the list:
 * options that run a program (`--upload-pack`), read or write elsewhere (`--template`, `--reference`, `--separate-git-dir`), or
 * change git's settings (`--config`).
 */
const safeFlags: Readonly<Record<string, { readonly switches: string; readonly values: string }>> = {
  GIT_FETCH_EXTRA_FLAGS: { switches: fetchSwitches, values: fetchValues },
  GIT_CLONE_EXTRA_FLAGS: { switches: cloneSwitches, values: cloneValues },
  GIT_SUBMODULE_UPDATE_FLAGS: { switches: updateSwitches, values: updateValues },
};

/** Variables whose options are checked. */
export const flagVariables: readonly string[] = Object.keys(safeFlags);

/** A value of an option: a number, a date, a ref or a filter, and nothing that a shell would expand. */
const safeValue = /^[\w.,:/+=@-]+$/;

/**
 * Finds the first word of a variable's text that is not on the list of safe options. Pure.
 * @param variable - one of {@link flagVariables}
 * @returns `undefined` if all are safe
 */
export function findUnsafeFlag(variable: string, text: string): string | undefined {
  const { switches = '', values = '' } = safeFlags[variable] ?? {};
  const [standalone, withValue] = [new Set(switches.split(' ')), new Set(values.split(' '))];
  const words = text.trim() === 'none' ? [] : text.split(/\s+/).filter(Boolean);
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (standalone.has(word)) continue;
    const [, name = word, value = words[index + 1]] = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? /^(-j)(\d+)$/.exec(word) ?? [];
    if (!withValue.has(name) || value === undefined || value.startsWith('-') || !safeValue.test(value)) return word;
    if (name === word) index++;
  }
  return undefined;
}

/** The options that {@link findUnsafeFlag} accepts, for messages. Pure. */
export function safeFlagsText(variable: string): string {
  const { switches = '', values = '' } = safeFlags[variable] ?? {};
  return `${switches} ${values.replace(/\S+/g, '$& VALUE')}`;
}
