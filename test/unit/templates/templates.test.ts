// SPDX-License-Identifier: GPL-3.0-or-later
// What GitLab refuses but gitlab-ci-local accepts, and what would harm pipelines that include a component.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { pipelineTemplate } from '../../../scripts/pipeline-template.ts';
import { alpyVersion } from '../../../src/version.ts';

const folder = resolve(import.meta.dirname, '../../../templates');
const names = readdirSync(folder).filter((name) => name.endsWith('.yml'));

interface Input {
  readonly default?: unknown;
  readonly description?: string;
  readonly type?: string;
  readonly options?: readonly unknown[];
}
type Job = Readonly<Record<string, unknown>>;

test('every component has a file', () => {
  expect(names.sort()).toEqual(['appliance.yml', 'images.yml', 'pipeline.yml', 'test.yml']);
});

test('pipeline.yml is up to date; if not, run node scripts/templates.ts', () => {
  expect(readFileSync(join(folder, 'pipeline.yml'), 'utf8')).toBe(pipelineTemplate());
});

describe.each(names)('%s', (name) => {
  const text = readFileSync(join(folder, name), 'utf8');
  const documents = parseAllDocuments(text);
  const header = documents[0]?.toJS() as { spec: { inputs: Record<string, Input> } };
  const jobs = documents[1]?.toJS() as Record<string, Job>;
  const { inputs } = header.spec;
  const body = text.slice(text.indexOf('\n---\n'));
  const used = new Set([...body.matchAll(/\$\[\[ inputs\.([a-z-]+) \]\]/g)].map(([, input]) => input ?? ''));

  test('has a header and jobs, without YAML errors', () => {
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
    expect(documents).toHaveLength(2);
    expect(Object.keys(header)).toEqual(['spec']);
    expect(Object.keys(header.spec)).toEqual(['inputs']);
  });

  test('declares exactly the inputs that it uses', () => {
    expect([...used].sort()).toEqual(Object.keys(inputs).sort());
    const interpolations = body.match(/\$\[\[[^\]]*\]\]/g) ?? [];
    // older GitLabs know no functions
    expect(interpolations.filter((one) => !/^\$\[\[ inputs\.[a-z-]+ \]\]$/.test(one))).toEqual([]);
  });

  test.each(Object.entries(inputs))('the input %s has a description and a default of its type', (_, input) => {
    expect(Object.keys(input).filter((key) => !['default', 'description', 'type', 'options', 'regex'].includes(key))).toEqual([]);
    expect(input.description).toMatch(/^[A-Z].{10,200}\.$/);
    const type = input.type ?? 'string';
    expect(['string', 'number', 'boolean', 'array']).toContain(type);
    expect(Array.isArray(input.default) ? 'array' : typeof input.default).toBe(type);
    if (input.options) expect(input.options).toContain(input.default);
    expect(String(input.default)).not.toContain('$[['); // GitLab expands only once
  });

  test('refuses a registry with blanks or a trailing slash, which would lead to "…//runner:tag"', () => {
    const regex = new RegExp((inputs['registry'] as { readonly regex: string }).regex);
    expect(['$CI_REGISTRY_IMAGE', 'reg.example.com:5000/g/alpy'].filter((value) => !regex.test(value))).toEqual([]);
    expect(
      ['', ' ', 'reg.example.com/g/', ' reg.example.com/g', 'reg.example.com/g '].filter((value) => regex.test(value)),
    ).toEqual([]);
  });

  test('can be used twice in a pipeline: every job has the prefix, and nothing is global', () => {
    for (const job of Object.keys(jobs)) expect(job).toMatch(/^\.?\$\[\[ inputs\.job-prefix \]\]-[a-z-]+$/);
  });

  test('every job takes its stage, tags, rules and image from inputs or variables', () => {
    const visible = Object.entries(jobs).filter(([job]) => !job.startsWith('.'));
    for (const [, job] of visible) {
      expect(job['stage']).toMatch(/^\$\[\[ inputs\.stage(-[a-z]+)? \]\]$/);
      expect(job['tags']).toBe('$[[ inputs.runner-tags ]]');
      // an optional job has a rule with the input that enables it
      if (!JSON.stringify(job['rules']).includes('== \\"true\\"')) expect(job['rules']).toBe('$[[ inputs.rules ]]');
      const image = /^\$(ALPY_[A-Z_]+)$/.exec(job['image'] as string)?.[1] ?? '';
      expect(Object.keys(job['variables'] as object)).toContain(image);
    }
  });

  test('no job inherits `default:` of the including project', () => {
    const visible = Object.entries(jobs).filter(([job]) => !job.startsWith('.'));
    expect(visible.map(([job, { inherit }]) => [job, inherit])).toEqual(visible.map(([job]) => [job, { default: false }]));
  });

  test('names no host, and its image tag is the version of alpy', () => {
    expect(text).not.toMatch(/https?:\/\/|registry\.[a-z]+\.|\bgitlab\.com\b|docker\.io|localhost/);
    const tag = inputs['image-tag']?.default;
    expect(name === 'images.yml' ? '$CI_COMMIT_SHA' : alpyVersion).toBe(tag);
  });
});
