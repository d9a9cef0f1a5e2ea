// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { Variables } from './variables.ts';

/** Shortest value that is masked; shorter ones occur by chance. The same as for GitLab's masked variables. */
const minLength = 8;
const mask = '[MASKED]';

/**
 * Returns a pure function that replaces every occurrence of each secret by `[MASKED]`. It also finds secrets that are URL-encoded,
 * in JSON or in base64 (alone or inside something longer), and each line of a secret with several lines. Overlapping occurrences
 * become one mask.
 * @param values - secrets; those with less than 8 characters are ignored
 */
export function makeRedactor(values: readonly string[]): (text: string) => string {
  const forms = [...new Set(values.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  return (text) => {
    const hits = forms.flatMap((form) => occurrences(text, form)).sort((a, b) => a.start - b.start);
    let [out, end] = ['', 0];
    for (const hit of hits) {
      if (hit.start >= end) out += text.slice(end, hit.start) + mask;
      end = Math.max(end, hit.end);
    }
    return out + text.slice(end);
  };
}

/**
 * Finds the values in an environment that must never be shown: of the variables that GitLab always masks, and of those whose names
 * say so (`…TOKEN`, `…PASSWORD`, `…SECRET`, …). Leaves out values with less than 8 characters, words such as `disabled`, short
 * numbers, and paths of existing files, which are the values of GitLab's file variables.
 * @param env - variables by name
 * @param exists - whether a file with that absolute path exists; default: asks the file system
 */
export function secretsOf(env: Variables, exists: (path: string) => boolean = existsSync): readonly string[] {
  const named = Object.entries(env).flatMap(([name, value]) => (value !== undefined && isSecretName(name) ? [value] : []));
  const values = [...named, ...passwordsOf(env['CI_REPOSITORY_URL'] ?? '')].map((value) => value.trim());
  return [...new Set(values)].filter((value) => !isPlain(value) && !(isAbsolute(value) && exists(value)));
}

function isSecretName(name: string): boolean {
  return name.startsWith('CI_JOB_JWT') || /(TOKEN|PASSWORD|PASSWD|SECRET|PRIVATE_KEY|API_KEY|CREDENTIALS?)$/i.test(name);
}

function isPlain(value: string): boolean {
  return value.length < minLength || /^(disabled|required|optional|undefined)$/i.test(value) || /^\d{1,11}$/.test(value);
}

/** The password in a URL, as it is written and decoded. */
function passwordsOf(url: string): readonly string[] {
  const password = URL.parse(url)?.password ?? '';
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password]; // it contains a plain %
  }
}

function formsOf(value: string): readonly string[] {
  const plain = value.trim().toWellFormed();
  const lines = plain.split(/\r?\n/).map((line) => line.trim());
  const forms = [plain, ...lines].flatMap((text) => {
    if (text.length < minLength) return []; // checked before encoding, which makes harmless lines longer
    const url = encodeURIComponent(text);
    const lowerUrl = url.replace(/%../g, (code) => code.toLowerCase());
    const urls = [url, lowerUrl].flatMap((form) => [form, form.replaceAll('%20', '+')]);
    return [text, JSON.stringify(text).slice(1, -1), ...urls, ...base64Forms(text)];
  });
  return [...(plain === '' ? [] : [value]), ...forms].filter((form) => form.length >= minLength);
}

/** Base64 of a text, and the parts that occur in the base64 of any longer text that contains it. */
function base64Forms(text: string): readonly string[] {
  const inside = [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]);
    // a character holds 6 bits: leave out those that also depend on the neighbouring text
    return bytes.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6));
  });
  const whole = Buffer.from(text).toString('base64');
  const all = [whole, whole.replace(/=+$/, ''), ...inside];
  return [...all, ...all.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
}

function occurrences(text: string, form: string): readonly { readonly start: number; readonly end: number }[] {
  const found = [];
  for (let start = text.indexOf(form); start >= 0; start = text.indexOf(form, start + 1)) {
    found.push({ start, end: start + form.length });
  }
  return found;
}
