// SPDX-License-Identifier: GPL-3.0-or-later
// GitLab Runner unpacks what other jobs have packed, and an archive can contain anything. Its own checks do not suffice: with
// FF_USE_FASTZIP=false it accepts names such as /etc/passwd and ../../file, and otherwise follows links of the archive before.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Container, Engine, type Mount } from '../../../docker/index.ts';
import { imageNamed, resolveImages } from '../../../images/index.ts';
import { replaceFile } from '../../../core/plain-file.ts';
import type { DriverContext, StageIo } from '../driver-context.ts';
import { provideProgram } from '../files/program-copy.ts';
import { jobPaths, projectDirectory, runIdOf } from '../paths.ts';
import { filteringShell } from '../policy/host-shell.ts';
import { scriptEnvironment } from './predefined.ts';
import type { ScriptOutput } from './user-script.ts';

const programs = '/alpy/bin';
const scriptFile = '/alpy/script';
const searchPath = `${programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;

/** Where programs look for certificates of authorities. */
const certificateFolders = [
  ...['/etc/ssl/certs', '/usr/share/ca-certificates', '/usr/local/share/ca-certificates'],
  ...['/etc/pki/tls/certs', '/etc/pki/ca-trust/extracted', '/etc/gitlab-runner/certs'],
];
/** Variables of the driver that name more of them. */
const certificateVariables = ['SSL_CERT_FILE', 'SSL_CERT_DIR'];
/** Variables of the driver that name folders of this machine. */
const hostVariables = new Set(['PATH', 'HOME', 'TMPDIR', 'ARCHIVER_STAGING_DIR']);

/** root unpacks files for any owner. */
const rootCapabilities = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'];

/**
 * Runs a script of the runner that unpacks caches or artifacts, as the runner's user, in a container that sees nothing of this
 * machine but the job's builds and caches and the network.
 * @param script - path of the script
 * @returns its exit status
 * @throws EnvironmentError when the container cannot be started
 */
export async function runUnpacking(context: DriverContext, script: string, io: StageIo & ScriptOutput): Promise<number> {
  const { settings, job, env } = context;
  const copy = join(jobPaths(settings, job).session, 'unpack');
  await replaceFile(copy, await readFile(script)); // the daemon may not see the runner's temporary folder
  const shell = filteringShell(`${projectDirectory(context)}.tmp`, settings.variables.allow);
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  using engine = await Engine.connect({ runId: runIdOf(job), jobId: String(job.id) });
  const spec = {
    name: 'unpack',
    image: imageNamed(resolveImages(env, settings.alpyImages), 'node').reference,
    entrypoint: ['bash', '-c', shell, 'bash', scriptFile],
    command: [],
    environment: unpackingEnvironment(env),
    user: `${uid}:${gid}`,
    networkMode: 'host',
    dropAllCapabilities: true,
    addCapabilities: uid === 0 ? rootCapabilities : [],
    readOnlyRoot: true,
    sharedMemory: false,
    memoryMiB: 1024,
    pids: 512, // threads included
    volumes: ['/tmp'], // on disk: archives may be larger than memory
    mounts: await mountsOf(context, copy),
  };
  await using container = await Container.start(engine, spec, io.signal);
  container.expectExit();
  container.stdout.on('data', io.stdout);
  container.stderr.on('data', io.stderr);
  const ends = [container.stdout, container.stderr].map((stream) => new Promise((resolve) => stream.once('end', resolve)));
  const { code } = await container.waitForExit({ timeoutMs: job.timeoutMs, signal: io.signal });
  await Promise.all(ends);
  return code;
}

/** The driver's environment without variables that name folders of this machine. Pure. */
export function unpackingEnvironment(env: DriverContext['env']): Readonly<Record<string, string>> {
  const kept = Object.entries(scriptEnvironment(env)).filter(([name]) => !hostVariables.has(name));
  const entries = kept.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return { ...Object.fromEntries(entries), PATH: searchPath, HOME: '/tmp' };
}

async function mountsOf({ settings, job, env }: DriverContext, script: string): Promise<readonly Mount[]> {
  const { builds, cache } = jobPaths(settings, job);
  const readOnly = (source: string, target = source): Mount => ({ source, target, readOnly: true });
  const runner = await provideProgram('gitlab-runner', env['PATH'] ?? '', join(settings.root, 'programs'));
  const named = certificateVariables.map((name) => env[name] ?? '');
  const certificates = new Set([...certificateFolders, ...named].filter((path) => path.startsWith('/') && existsSync(path)));
  return [
    { source: builds, target: builds, readOnly: false },
    { source: cache, target: cache, readOnly: false },
    readOnly(script, scriptFile),
    ...(runner === undefined ? [] : [readOnly(runner, `${programs}/gitlab-runner`)]), // without it, the script says that it is missing
    ...[...certificates].map((path) => readOnly(path)),
  ];
}
