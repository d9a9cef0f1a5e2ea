// SPDX-License-Identifier: GPL-3.0-or-later
// api-reference.ts [--check]: writes docs/api from the TSDoc comments of what the package exports. With --check, it writes nothing and
// fails if docs/api is not up to date.
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Application,
  Converter,
  ReflectionKind,
  UnknownType,
  type Context,
  type DeclarationReflection,
  type ProjectReflection,
} from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'docs/api');

const format: Partial<PluginOptions> = {
  entryFileName: 'README',
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  expandParameters: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  tableColumnSettings: { hideDefaults: true, hideInherited: true, hideModifiers: true, hideOverrides: true, hideSources: true },
};

const firstPage = `# API reference

Everything that can be imported, from the comments of the sources (\`npm run docs:api\`). To learn how to use it, read
[writing tests](../writing-tests.md) first.

| module | what it is |
|---|---|
| [alpy/test](alpy/test.md) | what tests import: \`test\`, \`expect\`, matchers |
| [alpy](alpy.md) | the types of the fixtures, all errors, and alpy as a library |
| [carrot](carrot.md) | the library of Rabbit's tests, an example for your own |

| in a test | type |
|---|---|
| \`dut\`, \`duts\` | [Dut](alpy.md#dut) |
| \`dut.shell\` | [RemoteShell](alpy.md#remoteshell) |
| \`dut.console\` | [SerialConsole](alpy.md#serialconsole) |
| \`nodes\` | [Node](alpy.md#node-1), [NodeInterface](alpy.md#nodeinterface) |
| \`links\` | [Link](alpy.md#link), [LinkFault](alpy.md#linkfault), [TimedFault](alpy.md#timedfault) |
| \`apps\` | [Apps](alpy.md#apps), [App](alpy.md#app), [AppSpec](alpy.md#appspec) |
| \`link.capture\` | [Capture](alpy.md#capture), [Frame](alpy.md#frame) |
| \`probe(…)\` | [Flow](alpy/test.md#flow), [ProbeReport](alpy/test.md#probereport) |
| \`expect(…)\` | [AlpyMatchers](alpy/test.md#alpymatchers) |
`;

/** Writes the reference into a folder. @throws Error if a comment or the code has an error */
async function generate(out: string): Promise<void> {
  const app = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: ['src/index.ts', 'src/runner/test.ts', 'carrot/index.ts'].map((file) => join(root, file)),
    tsconfig: join(root, 'tsconfig.json'),
    name: 'API reference',
    outputs: [{ name: 'markdown', path: out }],
    readme: 'none',
    router: 'module',
    disableGit: true,
    disableSources: true,
    excludePrivate: true,
    excludeInternal: true,
    excludeExternals: true,
    skipErrorChecking: true, // tsc checks
    validation: { notExported: false, invalidLink: false },
    logLevel: 'Error',
    ...format,
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, leaveOut);
  const project = await app.convert();
  if (!project) throw new Error('typedoc could not read the sources; see above');
  await app.generateOutputs(project);
  if (app.logger.hasErrors()) throw new Error('typedoc reported errors; see above');
  await writeFile(join(out, 'README.md'), firstPage);
}

/** Leaves out what users don't call: constructors, because the runner makes all objects, and what a class inherits. */
function leaveOut({ project }: Context): void {
  for (const { children } of declarations(project, ReflectionKind.Class))
    for (const member of [...(children ?? [])])
      if (member.kindOf(ReflectionKind.Constructor) || member.flags.isInherited) project.removeReflection(member);
  // the type of Vitest's `test` with fixtures is a page long
  for (const variable of declarations(project, ReflectionKind.Variable))
    if (variable.name === 'test') variable.type = new UnknownType('TestAPI');
}

function declarations(project: ProjectReflection, kind: ReflectionKind): readonly DeclarationReflection[] {
  return project.getReflectionsByKind(kind) as DeclarationReflection[];
}

/** All pages of a folder by their paths. */
function pagesIn(directory: string): ReadonlyMap<string, string> {
  const paths = globSync('**/*.md', { cwd: directory }).sort();
  return new Map(paths.map((path) => [path, readFileSync(join(directory, path), 'utf8')]));
}

/** @returns the paths of pages that differ, or that only one side has */
async function outdatedPages(): Promise<readonly string[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'alpy-api-'));
  try {
    await generate(scratch);
    const [now, then] = [pagesIn(scratch), pagesIn(folder)];
    return [...new Set([...now.keys(), ...then.keys()])].filter((path) => now.get(path) !== then.get(path));
  } finally {
    await rm(scratch, { recursive: true });
  }
}

if (process.argv.includes('--check')) {
  const outdated = await outdatedPages();
  if (outdated.length > 0) throw new Error(`docs/api is not up to date: ${outdated.join(', ')}. Run: npm run docs:api`);
} else await generate(folder);
