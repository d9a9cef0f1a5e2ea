// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { Agent, agentLoop } from '../../../src/docker/agent.ts';
import { exitStatusOf } from '../../../src/core/exit-status.ts';
import type { Container } from '../../../src/docker/index.ts';

const wait = { timeoutMs: 20_000 };
const shells: ReturnType<typeof spawn>[] = [];

afterEach(() => {
  for (const shell of shells.splice(0)) shell.kill('SIGKILL');
});

/** A container is here a shell of this machine. */
function open(): { readonly agent: Agent; readonly end: () => void } {
  const shell = spawn('sh', ['-c', agentLoop]);
  shells.push(shell);
  const exited = once(shell, 'exit').then(([code]) => exitStatusOf(Number(code ?? 137)));
  const kill = (): Promise<void> => Promise.resolve(void shell.kill('SIGKILL'));
  const container = { name: 'node0', kill, stdin: shell.stdin, stdout: shell.stdout, stderr: shell.stderr, exited };
  return { agent: new Agent(container as unknown as Container), end: () => shell.kill('SIGKILL') };
}

test('answers with the output of each script, in the order of the calls', async () => {
  const { agent } = open();
  const awkward = `a 'b' "c" \\0d %s $HOME 1\\n2 é\n\ttab`;
  const answers = [agent.run(`cat <<'END'\n${awkward}\nEND`, wait), agent.run('echo second; echo aside >&2', wait)];
  expect(await Promise.all(answers)).toEqual([`${awkward}\n`, 'second\n']);
});

test('a script stops at the first line that fails, the error has its output, and the next call works', async () => {
  const { agent } = open();
  const failed = agent.run('echo before\necho reason >&2\nfalse\necho after', wait);
  await expect(failed).rejects.toMatchObject({ code: 'ALPY_EXEC', stdout: 'before\n', stderr: 'reason\n' });
  await expect(agent.run('exit 7', wait)).rejects.toMatchObject({ exitStatus: 7 });
  expect(await agent.run('echo well', wait)).toBe('well\n');
});

test('a call that times out does not affect the answer to the next', async () => {
  const { agent } = open();
  await expect(agent.run('sleep 0.3; echo late', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'ALPY_EXEC_TIMEOUT' });
  expect(await agent.run('echo next', wait)).toBe('next\n');
});

test.each(['', '>&2'])('a container that prints without end %s is killed', async (redirect) => {
  const { agent } = open();
  await expect(agent.run(`while :; do echo ${'x'.repeat(10_000)}; done ${redirect}`, wait)).rejects.toMatchObject({
    code: 'ALPY_CONTAINER_DIED',
  });
});

test("a script of alpy's own that times out is not the device's fault, but a program of the test is", async () => {
  const { agent } = open();
  const [own, tests] = [agent.run('sleep 5', { timeoutMs: 50 }), agent.runInBackground(['sleep', '5'], { timeoutMs: 50 })];
  await expect(own).rejects.toMatchObject({ code: 'ALPY_EXEC_TIMEOUT', fault: 'environment' });
  await expect(tests).rejects.toMatchObject({ code: 'ALPY_EXEC_TIMEOUT', fault: 'device' });
});

test('when the container ends, all pending calls fail', async () => {
  const { agent, end } = open();
  const answers = [agent.run('sleep 60', wait), agent.run('echo never', wait)];
  end();
  for (const answer of answers) await expect(answer).rejects.toMatchObject({ code: 'ALPY_CONTAINER_DIED' });
});

test('when the daemon is lost, calls fail at once, also later ones', async () => {
  const lost = new Error('the Docker daemon closed its event stream');
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const exited = Promise.withResolvers<never>();
  const agent = new Agent({ name: 'node0', ...streams, exited: exited.promise } as unknown as Container);
  const pending = agent.run('echo never', wait);
  exited.reject(lost);
  await expect(pending).rejects.toBe(lost);
  await expect(agent.run('echo never', wait)).rejects.toBe(lost);
});

test('a job runs in the background and reports its exit status', async () => {
  const { agent } = open();
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-agent-'));
  const fifo = join(folder.path, 'pid');
  await agent.run(`mkfifo ${fifo}`, wait);
  const killed = await agent.start(`exec sh -c 'echo $$ >${fifo}; exec sleep 60'`, wait);
  const failed = await agent.start('echo unheard; exit 7', wait);
  expect(await failed.ended).toMatchObject({ code: 7 });
  expect(await agent.run(`echo meanwhile; kill -TERM $(cat ${fifo})`, wait)).toBe('meanwhile\n');
  expect(await killed.ended).toMatchObject({ code: 143, signal: 'SIGTERM' });
});

test('when the container ends, pending jobs fail too', async () => {
  const { agent, end } = open();
  const { ended } = await agent.start('exec sleep 1', wait);
  end();
  await expect(ended).rejects.toMatchObject({ code: 'ALPY_CONTAINER_DIED' });
});

test('a background program returns both outputs and any status, within a deadline', async () => {
  const { agent } = open();
  const [first, second] = await Promise.all([
    agent.runInBackground(['sh', '-c', `echo "it's"; echo bad >&2; exit 3`], wait),
    agent.runInBackground(['echo', 'second'], wait),
  ]);
  expect(first).toMatchObject({ stdout: "it's\n", stderr: 'bad\n', exitStatus: { code: 3 } });
  expect(second).toMatchObject({ stdout: 'second\n', stderr: '', exitStatus: { code: 0 } });
  const late = agent.runInBackground(['sleep', '0.2'], { timeoutMs: 50 });
  await expect(late).rejects.toMatchObject({
    code: 'ALPY_EXEC_TIMEOUT',
    message: 'node0: waited 50 ms for the end of sleep 0.2',
  });
});
