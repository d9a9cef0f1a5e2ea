// SPDX-License-Identifier: GPL-3.0-or-later
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isNode, isScalar, parseAllDocuments } from 'yaml';

/** Folder of the components. */
export const folder = join(import.meta.dirname, '..', 'templates');

/** The components that the pipeline consists of, in the order of their stages, each with the default of its stage. */
const components = { images: '.pre', appliance: 'build', test: 'test' } as const;
const names = Object.keys(components) as readonly (keyof typeof components)[];

/** Inputs that the components declare differently. The pipeline declares them in this way. */
const shared: Readonly<Record<string, string>> = {
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

/** A component's file: the text of each input, as YAML that is indented by six blanks, and the text of its jobs. */
interface Component {
  readonly inputs: ReadonlyMap<string, string>;
  readonly jobs: string;
}

/** The text of the component \`pipeline\`: the jobs of the other three, with the inputs of all. */
export function pipelineTemplate(): string {
  const inputs = new Map<string, string>();
  for (const name of names) {
    inputs.set(
      `stage-${name}`,
      `      default: ${components[name]}\n      description: Stage of the job that the component "${name}" has.\n`,
    );
  }
  inputs.set(
    'build-images',
    "      type: boolean\n      default: false\n      description: Whether to build alpy's images first, as alpy's own project and its forks do.\n",
  );
  let jobs = '';
  for (const name of names) {
    const component = readComponent(join(folder, `${name}.yml`));
    for (const [input, text] of component.inputs) {
      if (input !== 'stage' && !inputs.has(input)) inputs.set(input, shared[input] ?? text);
    }
    jobs += `\n${component.jobs.replaceAll('$[[ inputs.stage ]]', `$[[ inputs.stage-${name} ]]`)}\n`;
  }
  const ifImagesAreBuilt = `rules:\n    - if: '"$[[ inputs.build-images ]]" == "true"'`;
  const header = [...inputs].map(([input, text]) => `    ${input}:\n${text}`).join('');
  return `# SPDX-License-Identifier: GPL-3.0-or-later
# The components images (if wanted), appliance and test in one. Made of them by scripts/templates.ts: change those.
spec:
  inputs:
${header}---
${jobs.trimStart().replace('rules: $[[ inputs.rules ]]', ifImagesAreBuilt)}`;
}

/** Copies text instead of generating YAML, to keep comments and the style of values. */
function readComponent(file: string): Component {
  const text = readFileSync(file, 'utf8');
  const [header, body] = parseAllDocuments(text);
  const inputs = header?.getIn(['spec', 'inputs']);
  if (!isMap(inputs) || !body) throw new Error(`${file}: expected spec.inputs, and jobs in a second document`);
  const texts = inputs.items.map(({ key, value }): [string, string] => {
    if (!isScalar(key) || !isNode(value) || !value.range) throw new Error(`${file}: expected a map of inputs`);
    return [String(key.value), `      ${text.slice(value.range[0], value.range[2])}`];
  });
  return {
    inputs: new Map(texts),
    jobs: text
      .slice(body.range[0])
      .replace(/^---\n/, '')
      .trim(),
  };
}
