// SPDX-License-Identifier: GPL-3.0-or-later
// The program `alpy` of a job's container, run by the real sh, and the keeper's end of it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { appendFile, link, mkdtemp, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { execa } from 'execa';
import { StoppedError } from '../../../src/core/errors.ts';
import { serveFolder, type CallFolder } from '../../../src/session/file-calls.ts';
import { FakeAnswerer } from '../../unit/session/fake-answerer.ts';

let directory: string;
let fake: FakeAnswerer;
let served: CallFolder;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-calls-'));
  fake = new FakeAnswerer();
  served = await serveFolder(join(directory, 'shared'), fake.answer);
});

afterEach(async () => {
  await served[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

function start(args: readonly string[]): ChildProcess {
  const program = join(served.directory, 'bin', 'alpy');
  return spawn('sh', [program, ...args], { env: { PATH: process.env['PATH'], ALPY_SESSION: served.directory } });
}

async function alpy(args: readonly string[], input?: Buffer) {
  const child = start(args);
  child.stdin!.on('error', () => undefined).end(input);
  const [out, err, [status]] = await Promise.all([
    buffer(child.stdout!),
    buffer(child.stderr!),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { status, out, err };
}

test('arguments arrive unchanged; both outputs and the exit status come back', async () => {
  const words = ['say', 'two words', '', ' "quotes\' $HOME `x` \\ *', 'lines\nof\n\ntext\n', '-n', '\u{1f407}', ''];
  const { status, out, err } = await alpy(words);
  expect([status, out.toString(), err.toString()]).toEqual([0, 'two words', 'not two words']);
  expect(fake.calls[0]).toMatchObject({ args: words });
  expect(fake.calls[0]?.input).toBeUndefined();
  expect((await alpy(['exit', '77'])).status).toBe(77);
  expect((await alpy([])).status).toBe(5);
  expect(fake.calls.at(-1)?.args).toEqual([]);
  expect(await readdir(served.calls)).toEqual([]); // nothing is left
});

test('-i and --stdin pass the input on, unless they are words of the command', async () => {
  const bytes = Buffer.concat([Buffer.from([0, 10, 255]), Buffer.alloc(300_000, 'y')]);
  expect((await alpy(['cat', '-i'], bytes)).out.equals(bytes)).toBe(true);
  expect((await alpy(['cat', 'x', '--stdin', '--', 'y'], bytes)).out.equals(bytes)).toBe(true);
  expect((await alpy(['cat', '-i'], Buffer.alloc(0))).out.toString()).toBe('');
  expect((await alpy(['cat', '--', '-i'], bytes)).out.toString()).toBe('no input');
});

test('many calls at once with more output than a pipe can hold', async () => {
  const found = await Promise.all([alpy(['flood', '2000000']), ...Array.from({ length: 6 }, () => alpy(['say', 'x']))]);
  expect(found.map(({ out }) => out.length)).toEqual([2_000_000, 1, 1, 1, 1, 1, 1]);
});

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGHUP', 143],
] as const)('%s cancels what it waits for', async (signal, wanted) => {
  const child = start(['wait']);
  await fake.firstCall();
  child.kill(signal);
  const [status] = (await once(child, 'exit')) as [number];
  expect(status).toBe(wanted);
  await fake.firstCancel();
  expect(fake.cancelled).toEqual(['cancelled by its caller']);
  expect(fake.calls[0]?.signal.reason).toBeInstanceOf(StoppedError);
  expect(await readdir(served.calls)).toEqual([]);
});

test('a caller killed with SIGKILL is noticed', async () => {
  const child = spawn('setsid', ['sh', join(served.directory, 'bin', 'alpy'), 'flood', '9000000000'], {
    env: { PATH: process.env['PATH'], ALPY_SESSION: served.directory },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { signal } = await fake.firstCall();
  process.kill(-(child.pid ?? 0), 'SIGKILL'); // its group: the shell and what copies for it
  child.stdout.resume();
  if (!signal.aborted) await once(signal, 'abort');
});

test('the end of the testbed cancels running calls', async () => {
  const running = alpy(['wait']);
  await fake.firstCall();
  await served[Symbol.asyncDispose]();
  expect((await running).status).toBe(143);
  expect(fake.calls[0]?.signal.reason).toBeInstanceOf(StoppedError);
});

test('any user of the container can call', async () => {
  expect((await stat(served.calls)).mode & 0o7777).toBe(0o1777);
  expect((await stat(join(served.directory, 'requests'))).mode & 0o777).toBe(0o666);
  expect((await stat(join(served.directory, 'bin', 'alpy'))).mode & 0o777).toBe(0o755);
});

/** Asks as the script does, with what `prepare` puts into the folder; settles when a call that came later was answered. */
async function ask(prepare: (call: string) => Promise<unknown>, line = 'call Evil0001'): Promise<void> {
  await prepare(join(served.calls, 'Evil0001'));
  await appendFile(join(served.directory, 'requests'), `${line}\n`);
  expect((await alpy(['exit', '6'])).status).toBe(6);
}

const pipes = (call: string) => execa('mkfifo', [`${call}.out`, `${call}.err`, `${call}.done`]);

test('symbolic links in place of the files are not followed', async () => {
  const secret = join(directory, 'secret');
  await writeFile(secret, 'say\0secret\0');
  await ask(async (call) => {
    await symlink(secret, call);
    await pipes(call);
  });
  await rm(join(served.calls, 'Evil0001'));
  await ask((call) => symlink(secret, `${call}.in`));
  await rm(join(served.calls, 'Evil0001.in'));
  const target = join(directory, 'target');
  await writeFile(target, 'untouched');
  await rm(join(served.calls, 'Evil0001.out'));
  await ask((call) => symlink(target, `${call}.out`));
  await rm(join(served.calls, 'Evil0001.out'));
  await ask((call) => writeFile(`${call}.out`, 'a file'));
  expect(await stat(target)).toMatchObject({ size: 9 });
  expect(fake.calls.map(({ args }) => args)).toEqual(Array.from({ length: 4 }, () => ['exit', '6']));
});

test('a pipe in place of a file, or pipes without a reader, do not block other calls', async () => {
  await ask(async (call) => {
    await execa('mkfifo', [call]);
    await pipes(call);
  });
  await rm(join(served.calls, 'Evil0001'));
  await ask((call) => writeFile(call, 'say\0x\0'));
});

test('only regular files are opened, because opening a device may have effects', async () => {
  const call = join(served.calls, 'Evil0001');
  await execa('mkfifo', [call]);
  const writer = spawn('sh', ['-c', 'echo >"$0"', call]); // until somebody opens the pipe to read
  const ended = once(writer, 'exit');
  await ask(() => pipes(call).then(() => undefined));
  expect(writer.exitCode).toBe(null);
  writer.kill('SIGKILL');
  expect(await ended).toEqual([null, 'SIGKILL']);
});

test.each(['', 'call', 'call ../../x', 'call a/b', 'call a.in', 'cancel nobody', 'stop', '\u0000', 'x'.repeat(10_000)])(
  'the request %j is ignored',
  async (line) => {
    await ask(() => Promise.resolve(), line);
    expect(fake.calls).toHaveLength(1);
  },
);

test('at most 64 calls are served at once; the others wait', async () => {
  const full = Promise.withResolvers<undefined>();
  const done = Promise.withResolvers<undefined>();
  let [running, most, ended] = [0, 0, 0];
  await using many = await serveFolder(join(directory, 'many'), async () => {
    running += 1;
    most = Math.max(most, running);
    if (running === 64) full.resolve(undefined);
    await full.promise;
    await setTimeout(1); // others could begin meanwhile
    running -= 1;
    if (++ended === 200) done.resolve(undefined);
    return 0;
  });
  const pipe = join(directory, 'pipe');
  await execa('mkfifo', [pipe]);
  const reader = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    const ids = Array.from({ length: 200 }, (_, index) => `Call${index}`);
    for (const id of ids) for (const end of ['out', 'err', 'done']) await link(pipe, join(many.calls, `${id}.${end}`));
    await writeFile(join(many.directory, 'requests'), ids.map((id) => `call ${id}\n`).join(''), { flag: 'a' });
    await done.promise;
    expect(most).toBe(64);
  } finally {
    closeSync(reader);
  }
});

test('more input than 64 MiB is refused without being read', async () => {
  await ask(async (call) => {
    await pipes(call);
    await writeFile(call, 'cat\0-i\0');
    await writeFile(`${call}.in`, '');
    await truncate(`${call}.in`, 64 * 1024 ** 2 + 1);
  });
  expect(fake.calls).toHaveLength(1); // that of ask
});

test('a folder that cannot be created is an error', async () => {
  const file = join(directory, 'file');
  await writeFile(file, '');
  await expect(serveFolder(file, fake.answer)).rejects.toThrow(`cannot create the folder for calls in ${file}`);
});
