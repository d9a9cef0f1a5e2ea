// SPDX-License-Identifier: GPL-3.0-or-later

/** Options without a value; git takes them for what they are only when they are written out. */
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
 * Options that a job may give git, by the variable that holds them. All that they do stays in the job's own folder. Absent are
 * those that run a program (`--upload-pack`), read or write elsewhere (`--template`, `--reference`, `--separate-git-dir`), or
 * change git's settings (`--config`).
 */
const harmless: Readonly<Record<string, { readonly switches: string; readonly values: string }>> = {
  GIT_FETCH_EXTRA_FLAGS: { switches: fetchSwitches, values: fetchValues },
  GIT_CLONE_EXTRA_FLAGS: { switches: cloneSwitches, values: cloneValues },
  GIT_SUBMODULE_UPDATE_FLAGS: { switches: updateSwitches, values: updateValues },
};

/** Variables whose options are checked. */
export const flagVariables: readonly string[] = Object.keys(harmless);

/** A value of an option: a number, a date, a ref, a filter. Nothing that a shell would expand. */
const harmlessValue = /^[\w.,:/+=@-]+$/;

/**
 * The first word of a variable that is not on its list of harmless options. Pure.
 * @param variable - one of {@link flagVariables}
 * @returns `undefined` if all are harmless
 */
export function findUnsafeFlag(variable: string, text: string): string | undefined {
  const { switches = '', values = '' } = harmless[variable] ?? {};
  const [alone, withValue] = [new Set(switches.split(' ')), new Set(values.split(' '))];
  const words = text.trim() === 'none' ? [] : text.split(/\s+/).filter(Boolean);
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (alone.has(word)) continue;
    const [, name = word, value = words[index + 1]] = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? /^(-j)(\d+)$/.exec(word) ?? [];
    if (!withValue.has(name) || value === undefined || value.startsWith('-') || !harmlessValue.test(value)) return word;
    if (name === word) index++;
  }
  return undefined;
}

/** @returns the options that {@link findUnsafeFlag} lets pass, for messages */
export function safeFlagsText(variable: string): string {
  const { switches = '', values = '' } = harmless[variable] ?? {};
  return `${switches} ${values.replace(/\S+/g, '$& VALUE')}`;
}
