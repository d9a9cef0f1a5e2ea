// SPDX-License-Identifier: GPL-3.0-or-later
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the components are. */
export const folder = join(import.meta.dirname, '..', 'templates');

/** The parts in the order of their stages, each with the default of its stage. */
const parts = { images: '.pre', appliance: 'build', test: 'test' } as const;
const names = Object.keys(parts) as readonly (keyof typeof parts)[];

/** What the pipeline sets otherwise than its parts: all jobs share these. */
const fixed: Readonly<Record<string, string>> = {
  'image-tag': `      default: 0.1.0
      description: Tag of alpy's images. The project variable ALPY_IMAGE_TAG goes before it.
`,
  registry: `      default: $CI_REGISTRY_IMAGE
      regex: ^\\S*[^\\s/]$ # no blanks, no slash at the end: "/runner:…" follows
      description: Where alpy's images are. The project variable ALPY_REGISTRY goes before it.
`,
  'expire-in': `      default: 1 week
      description: How long GitLab keeps the disk image, reports and captures.
`,
  appliance: `      default: appliance.qcow2
      description: Disk image of the appliance, relative to the project.
`,
};

/** The component \`pipeline\`: the jobs of the other three, with the inputs of all. */
export function pipelineTemplate(): string {
  const inputs = new Map<string, string>();
  for (const name of names) {
    inputs.set(
      `stage-${name}`,
      `      default: ${parts[name]}\n      description: Stage of the job that the component "${name}" has.\n`,
    );
  }
  inputs.set(
    'build-images',
    "      type: boolean\n      default: false\n      description: Whether to build alpy's images first, as alpy's own project and its forks do.\n",
  );
  let jobs = '';
  for (const name of names) {
    const [header = '', body = ''] = readFileSync(join(folder, `${name}.yml`), 'utf8').split('\n---\n');
    for (const [, input = '', text = ''] of `${header}\n`.matchAll(/^ {4}([a-z-]+):\n((?: {6}.*\n)+)/gm)) {
      if (input !== 'stage' && !inputs.has(input)) inputs.set(input, fixed[input] ?? text);
    }
    jobs += `\n${body.trim().replaceAll('$[[ inputs.stage ]]', `$[[ inputs.stage-${name} ]]`)}\n`;
  }
  const isWanted = `rules:\n    - if: '"$[[ inputs.build-images ]]" == "true"'`;
  const header = [...inputs].map(([input, text]) => `    ${input}:\n${text}`).join('');
  return `# SPDX-License-Identifier: GPL-3.0-or-later
# The components images (if wanted), appliance and test in one. Made of them by scripts/templates.ts: change those.
spec:
  inputs:
${header}---
${jobs.trimStart().replace('rules: $[[ inputs.rules ]]', isWanted)}`;
}
