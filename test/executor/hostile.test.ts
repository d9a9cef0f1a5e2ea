// SPDX-License-Identifier: GPL-3.0-or-later
// Scripts that try to make the runner's machine act for them, through what they leave for the stages that run there. The folder of
// these tests is not visible in the job's container: anything that appears in it was written on the runner's machine.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { beforeEach, expect, test } from 'vitest';
import { useExecutorHost } from '../support/executor-host.ts';
import type { JobResult, RunningJob } from '../support/contract-runner.ts';

const host = useExecutorHost();
const silent = { ALPY_APPLIANCE: 'silent' };
/** The stages after the scripts, all successful. */
const lastStages = ['upload_artifacts_on_success 0', 'cleanup_file_variables 0', 'cleanup 0'];

let count = 0;
let marker: string;
let evil: string;

beforeEach(async () => {
  count += 1;
  marker = join(host().directory, `marker-${count}`);
  evil = `#!/bin/sh\necho "$0 $*" >>${marker}\n`;
  await mkdir(precious(), { recursive: true });
  for (const name of ['SECRET', 'gitlab_runner_env', 'masking.db', '.glr.gconf', 'index.lock'])
    await writeFile(join(precious(), name), 'of the runner');
});

/** A folder on the runner's machine with files whose names the runner removes from its temporary folder. */
function precious(): string {
  return join(host().directory, `precious-${count}`);
}

async function expectMachineUntouched(): Promise<void> {
  expect(existsSync(marker) ? await readFile(marker, 'utf8') : '').toBe('');
  expect((await readdir(precious())).sort()).toEqual(['.glr.gconf', 'SECRET', 'gitlab_runner_env', 'index.lock', 'masking.db']);
  for (const name of await readdir(precious())) expect(await readFile(join(precious(), name), 'utf8')).toBe('of the runner');
}

function lastCalls({ calls }: JobResult, number: number): readonly string[] {
  return calls.map(({ name, status }) => `${name} ${status}`).slice(-number);
}

/** Shell lines that create a program under the name of each program that the runner's scripts call. */
function evilPrograms(folder: string): readonly string[] {
  const names = ['gitlab-runner', 'git', 'rm', 'mkdir', 'touch', 'find', 'chmod', 'env', 'bash', 'cat', 'tar', 'dirname'];
  return [
    `mkdir -p ${folder}`,
    `cat >${folder}/evil <<'END'\n${evil}END`,
    `chmod +x ${folder}/evil`,
    `for name in ${names.join(' ')}; do cp ${folder}/evil ${folder}/$name; done`,
  ];
}

test('variables that a script writes to GITLAB_ENV reach after_script in the container, and no stage on the machine', async () => {
  const job = await host().start({
    variables: { ...silent, OUTPUT: 'out' },
    fileVariables: { SECRET: 'content' },
    script: [
      ...evilPrograms('evil'),
      'echo "LATER=$(cat "$SECRET")" >>"$GITLAB_ENV"',
      'for name in BASH_ENV ENV LD_PRELOAD GIT_SSH_COMMAND; do echo "$name=$CI_PROJECT_DIR/evil/evil" >>"$GITLAB_ENV"; done',
      'echo "GIT_CONFIG_GLOBAL=$CI_PROJECT_DIR/config" >>"$GITLAB_ENV"',
      'printf "[credential]\\n\\thelper = !$CI_PROJECT_DIR/evil/evil\\n" >config',
      'echo "PATH=$CI_PROJECT_DIR/evil:/usr/bin:/bin" >>"$GITLAB_ENV"',
      'mkdir -p out; echo mine >out/mine.txt; echo "VERSION=1" >build.env',
    ],
    afterScript: ['/bin/echo "later: $LATER, $(/bin/cat "$SECRET"), $PATH"'],
    artifacts: { paths: ['$OUTPUT/mine.txt', 'alpy-out/testbed/events.ndjson'] },
    dotenv: 'build.env',
    cache: { key: 'kept', paths: ['${OUTPUT}/'] },
  });
  const result = await job.result;
  await expectMachineUntouched();
  expect(result, result.log).toMatchObject({ status: 'success' });
  expect(result.log).toMatch(/^later: content, content, \/\S+\/group\/project\/evil:\/usr\/bin:\/bin\r?$/m);
  expect(lastCalls(result, 4)).toEqual(['archive_cache 0', ...lastStages]);
  expect(await host().artifacts(job)).toEqual(['alpy-out/testbed/events.ndjson', 'build.env', 'out/mine.txt']);
});

test("git's settings that a script wrote have no effect on the runner's machine", async () => {
  const helper = ['[credential]', '\thelper =', `\thelper = "!echo x >${marker}; false"`, '[core]', '\tfsmonitor = ./evil/git'];
  const job = await host().start({
    variables: { ...silent, FF_GIT_URLS_WITHOUT_TOKENS: 'true' },
    script: [
      ...evilPrograms('evil'),
      `cat >settings <<'END'\n${helper.join('\n')}\nEND`,
      'for file in .glr.gconf .gitlab-runner.ext.conf git-template/config; do',
      '  mkdir -p "$RUNNER_TEMP_PROJECT_DIR/git-template"; cat settings >>"$RUNNER_TEMP_PROJECT_DIR/$file"',
      'done',
      'mkdir -p .git/hooks; cp settings .git/config; cp evil/evil .git/hooks/post-checkout',
      'echo mine >mine.txt',
    ],
    artifacts: { paths: ['mine.txt'] },
  });
  const result = await job.result;
  await expectMachineUntouched();
  expect(result, result.log).toMatchObject({ status: 'success' });
  expect(lastCalls(result, 3)).toEqual(lastStages);
  expect(await host().artifacts(job)).toEqual(['mine.txt']);
});

test('devices, pipes and sockets are removed before artifacts are packed, even if they replace a file variable', async () => {
  const job = await host().start({
    variables: silent,
    fileVariables: { SECRET: 'content', OTHER: 'content', THIRD: 'content' },
    script: [
      // a job cannot create devices here; if it could, they would be removed like pipes
      'device() { mknod "$@" || mkfifo "$1"; }',
      'rm "$SECRET" "$OTHER" "$THIRD"; device "$SECRET" c 1 7; mkfifo "$OTHER"; ln -s "$CI_PROJECT_DIR/full" "$THIRD"',
      'device full c 1 7; mkdir inner; mkfifo inner/pipe; device inner/disk b 7 0; echo mine >inner/mine.txt',
      `perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "inner/socket", Listen => 1)' || mkfifo inner/socket`,
      'cp /bin/true inner/setuid; chmod u+s inner/setuid',
    ],
    artifacts: { paths: ['full', 'inner'] },
  });
  const result = await job.result;
  await expectMachineUntouched();
  expect(result, result.log).toMatchObject({ status: 'success' });
  expect(lastCalls(result, 3)).toEqual(lastStages);
  for (const name of ['full', 'inner/pipe', 'inner/disk', 'inner/socket'])
    expect(result.log).toMatch(new RegExp(`removed ".*/group/project/${name}": it is a device, pipe or socket`));
  expect(await host().artifacts(job)).toEqual(['inner/mine.txt', 'inner/setuid']);
});

const links: readonly (readonly [string, string])[] = [
  ['the temporary folder', 'rm -rf "$RUNNER_TEMP_PROJECT_DIR"; ln -s PRECIOUS "$RUNNER_TEMP_PROJECT_DIR"'],
  ['the project', 'cd ..; rm -rf project; ln -s PRECIOUS project'],
  ['the folder above both', 'cd ../..; rm -rf group; mkdir other; ln -s PRECIOUS group'],
  ['.git', 'ln -s PRECIOUS .git'],
  [
    "the folder of the testbed's files",
    'mkdir -p alpy-out; ln -s "$RUNNER_TEMP_PROJECT_DIR" alpy-out/testbed; ln -s PRECIOUS/SECRET "$RUNNER_TEMP_PROJECT_DIR/link0.pcap"',
  ],
  ['the folder above that', 'ln -s "$RUNNER_TEMP_PROJECT_DIR" alpy-out'],
  ["one of the testbed's files", 'mkdir -p alpy-out/testbed; ln -s "$SECRET" alpy-out/testbed/link0.pcap'],
  ['a file in the temporary folder', 'ln -sf PRECIOUS/SECRET "$SECRET"; ln -sf PRECIOUS/SECRET "$GITLAB_ENV"'],
  [
    'a folder above, within the builds',
    'cd ../..; mv group other; ln -s . group; mkdir project.tmp; ln -s PRECIOUS/SECRET project.tmp/SECRET',
  ],
];

async function startWithLink(line: string, artifacts?: { readonly paths: readonly string[] }): Promise<RunningJob> {
  const script = [line.replaceAll('PRECIOUS', precious())];
  return host().start({ variables: silent, fileVariables: { SECRET: 'content' }, script, ...(artifacts ? { artifacts } : {}) });
}

test.each(links)('no stage follows a link to a folder of the machine that replaces %s', async (_, line) => {
  const paths = ['SECRET', '.git/SECRET', 'index.lock', 'alpy-out/testbed/link0.pcap'];
  const job = await startWithLink(line, { paths });
  const result = await job.result;
  await expectMachineUntouched();
  expect(result, result.log).toMatchObject({ status: 'success' });
  expect(lastCalls(result, 3)).toEqual(lastStages);
  expect(await host().artifacts(job)).toEqual(['alpy-out/testbed/link0.pcap']);
});

test('cleanup_file_variables follows no link, even if it is the only stage after the script', async () => {
  const result = await (await startWithLink(links[0]?.[1] ?? '')).result;
  await expectMachineUntouched();
  expect(result, result.log).toMatchObject({ status: 'success' });
  expect(lastCalls(result, 3)).toEqual(['build_script 0', 'cleanup_file_variables 0', 'cleanup 0']);
});

/** Packs an archive where the runner looks for a cache, as another job could have done. */
async function plantCache(files: Readonly<Record<string, string>>, links: Readonly<Record<string, string>> = {}): Promise<void> {
  const folder = join(host().root, 'cache', 'project-42', 'group', 'project', 'planted');
  await mkdir(folder, { recursive: true });
  const archive = pack();
  for (const [name, linkname] of Object.entries(links)) archive.entry({ name, type: 'symlink', linkname });
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, content);
  archive.finalize();
  await writeFile(join(folder, 'cache.zip'), await buffer(archive));
}

const archives: readonly (readonly [string, (place: string) => Parameters<typeof plantCache>])[] = [
  ['absolute names', (place) => [{ [`${place}/SECRET`]: 'planted', 'kept.txt': 'kept' }]],
  ['names with ..', (place) => [{ 'kept.txt': 'kept', [`${'../'.repeat(20)}${place.slice(1)}/SECRET`]: 'planted' }]],
  ['a file behind a link', (place) => [{ 'kept.txt': 'kept', 'out/SECRET': 'planted' }, { out: place }]],
];

test.each(archives)('a cache with %s is not unpacked outside of the project', async (_, planted) => {
  await plantCache(...planted(precious()));
  const job = await host().start({
    variables: silent,
    script: ['cat kept.txt'],
    cache: { key: 'planted', paths: ['kept.txt'] },
  });
  const result = await job.result;
  await expectMachineUntouched();
  expect(result, result.log).toMatchObject({ status: 'success' });
  expect(result.log).toMatch(/^kept/m);
});

test('an unpacked cache cannot change how git works, even if no script of the job runs', async () => {
  await plantCache({ '../project.tmp/.glr.gconf': `[credential]\n\thelper = "!echo x >${marker}; false"\n` });
  const job = await host().start({
    variables: { FF_GIT_URLS_WITHOUT_TOKENS: 'true' }, // no ALPY_APPLIANCE, and no alpy.yaml in the project
    script: ['echo not-reached'],
    cache: { key: 'planted', paths: ['kept.txt'] },
  });
  const result = await job.result;
  await expectMachineUntouched();
  expect(result, result.log).toMatchObject({ status: 'failed' });
  expect(lastCalls(result, 2)).toEqual(['cleanup_file_variables 0', 'cleanup 0']);
});

test("a background process of a script ends before the first stage on the runner's machine", async () => {
  const job = await host().start({
    variables: silent,
    fileVariables: { SECRET: 'content' },
    script: [
      `(setsid sh -c 'while :; do rm -rf "$0"; ln -s ${precious()} "$0"; mkfifo pipe; done' "$RUNNER_TEMP_PROJECT_DIR" >/dev/null 2>&1 &)`,
      'echo mine >mine.txt',
    ],
    artifacts: { paths: ['*'] },
  });
  const result = await job.result;
  await expectMachineUntouched();
  expect(result, result.log).toMatchObject({ status: 'success' });
  expect(lastCalls(result, 3)).toEqual(lastStages);
  expect(await host().artifacts(job)).toContain('mine.txt');
});
