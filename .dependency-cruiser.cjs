// SPDX-License-Identifier: GPL-3.0-or-later
// Imports point one way, and each run-time dependency has owning folders.

/** Folders of src, each with the folders that it may import from. */
const layers = {
  core: [],
  docker: ['core'],
  images: ['core'],
  topology: ['core'],
  config: ['core', 'topology'],
  console: ['core'],
  report: ['core'],
  qemu: ['core', 'docker', 'topology'],
  capture: ['core', 'docker'],
  network: ['core', 'docker', 'topology'],
  snapshot: ['core'],
  access: ['core', 'config', 'console'],
  testbed: ['core', 'docker', 'images', 'config', 'console', 'topology', 'qemu', 'capture', 'network', 'snapshot', 'access'],
  // prettier-ignore
  session: ['core', 'docker', 'images', 'config', 'console', 'topology', 'qemu', 'network', 'capture', 'snapshot', 'access', 'testbed', 'report'],
  gitlab: ['core', 'docker', 'images', 'config', 'topology', 'session', 'report'],
  // prettier-ignore
  runner: ['core', 'docker', 'images', 'config', 'console', 'topology', 'qemu', 'capture', 'network', 'snapshot', 'access', 'testbed', 'report', 'session'],
  init: ['core', 'docker', 'images', 'config', 'console', 'topology', 'qemu', 'access', 'testbed'],
  doctor: ['core', 'docker', 'images', 'config', 'topology', 'qemu', 'testbed', 'gitlab'],
  // prettier-ignore
  cli: ['core', 'docker', 'images', 'config', 'topology', 'qemu', 'snapshot', 'testbed', 'session', 'runner', 'report', 'gitlab', 'init', 'doctor'],
};

/** Run-time dependencies, each with the folders that may import it. */
const owners = {
  dockerode: ['docker', 'images'],
  'smol-toml': ['gitlab'],
  'tar-stream': ['docker', 'images', 'qemu', 'snapshot'],
  execa: ['images', 'session', 'gitlab', 'init', 'doctor'],
  yargs: ['cli'],
  yauzl: ['qemu'],
  '@gitbeaker/rest': ['gitlab'],
  'junit-report-builder': ['report'],
  vitest: ['runner'],
  yaml: ['config', 'images', 'gitlab'],
  zod: ['core', 'config', 'images', 'report', 'gitlab'],
};

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...Object.entries(layers).map(([folder, allowed]) => ({
      name: `src/${folder} imports only what is below it`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: '^src/[^/]+/', pathNot: `^src/(${[folder, ...allowed].join('|')})/` },
    })),
    ...Object.entries(owners).map(([name, folders]) => ({
      name: `${name} belongs to ${folders.map((folder) => `src/${folder}`).join(', ')}`,
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(${folders.join('|')})/` },
      to: { path: `node_modules/${name}/` },
    })),
    {
      name: 'rabbit and carrot use only the published surface',
      severity: 'error',
      from: { path: '^(rabbit|carrot)/' },
      to: { path: '^src/', pathNot: '^src/(index|runner/test)\\.ts$' },
    },
    {
      name: 'only TestbedFactory creates testbeds',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/testbed/' },
      to: { path: '^src/testbed/', pathNot: '^src/testbed/(index|apps|device-names|errors|lifelines|snapshot-place)\\.ts$' },
    },
    {
      name: 'only src/access knows its kinds',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: '^src/access/' },
      to: { path: '^src/access/[^/]+/' },
    },
    { name: 'src imports no test', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|bench|rabbit|carrot)/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['alpy-source', 'import', 'node', 'default', 'types'] },
  },
};
