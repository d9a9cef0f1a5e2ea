// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { Variables } from './variables.ts';

/** Length from which a value is masked; shorter ones occur by chance. The same as for GitLab's masked variables. */
const minLength = 8;
const mask = '[MASKED]';

/**
 * Makes a function that replaces every occurrence of each secret by `[MASKED]`, also in the forms in which they travel:
 * URL-encoded, in JSON, as base64 (alone or inside of something longer), and line by line when there are several lines.
 * What overlaps becomes one mask. The function is pure.
 * @param values - secrets; those of less than 8 characters are ignored
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
 * The values in an environment that must never be shown: of the variables that GitLab masks by nature, and of those whose
 * names say so (`…TOKEN`, `…PASSWORD`, `…SECRET`, …). Not those of less than 8 characters, words such as `disabled`, short
 * numbers, or the path of an existing file, as a GitLab variable of type file holds one.
 * @param env - variables by name
 * @param exists - whether there is a file of that absolute path; default: asks the file system
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

/** The password in a URL, as it stands there and decoded. */
function passwordsOf(url: string): readonly string[] {
  const password = URL.parse(url)?.password ?? '';
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password]; // a stray % is part of it
  }
}

function formsOf(value: string): readonly string[] {
  const plain = value.trim().toWellFormed();
  const lines = plain.split(/\r?\n/).map((line) => line.trim());
  const forms = [plain, ...lines].flatMap((text) => {
    if (text.length < minLength) return []; // before encoding, which would lengthen a harmless line
    const url = encodeURIComponent(text);
    const lowerUrl = url.replace(/%../g, (code) => code.toLowerCase());
    const urls = [url, lowerUrl].flatMap((form) => [form, form.replaceAll('%20', '+')]);
    return [text, JSON.stringify(text).slice(1, -1), ...urls, ...base64Forms(text)];
  });
  return [...(plain === '' ? [] : [value]), ...forms].filter((form) => form.length >= minLength);
}

/** Base64 of a text, and what always occurs in that of a longer text with it inside, whatever stands around it. */
function base64Forms(text: string): readonly string[] {
  const inside = [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]);
    // a character holds 6 bits: leave out those that hold bits of a neighbour too
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
