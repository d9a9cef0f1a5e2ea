// SPDX-License-Identifier: GPL-3.0-or-later
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const client = join(import.meta.dirname, '..', '..', '..', 'src', 'docker', 'dockerode.ts');

/** Prints the result of `body` in a separate process, because this one has already loaded modules. */
async function inNewProcess(body: string): Promise<unknown> {
  const script = `
    import { createRequire } from 'node:module';
    const { Docker } = await import(${JSON.stringify(client)});
    const inDockerode = createRequire(createRequire(${JSON.stringify(client)}).resolve('dockerode'));
    const loaded = () => ['ssh2', '@grpc/grpc-js', '@grpc/proto-loader'].filter((name) => inDockerode.resolve(name) in inDockerode.cache);
    console.log(JSON.stringify(await (async () => { ${body} })()));`;
  const env = { ...process.env, DOCKER_HOST: 'ssh://nobody@127.0.0.1:1', NODE_OPTIONS: '' };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { env });
  return JSON.parse(stdout);
}

test('loading the client loads neither gRPC nor SSH; a daemon at ssh:// is reached by SSH', async () => {
  const reached = `
    const docker = new Docker();
    const before = loaded();
    return [before, await docker.version().catch((error) => error.code), loaded()];`;
  await expect(inNewProcess(reached)).resolves.toEqual([[], 'ECONNREFUSED', ['ssh2']]);
});

test('other code that requires the replaced modules gets the real ones', async () => {
  const types = "return [typeof inDockerode('ssh2').Client, typeof inDockerode('@grpc/grpc-js').Server];";
  await expect(inNewProcess(types)).resolves.toEqual(['function', 'function']);
});

test('a BuildKit session gets gRPC', async () => {
  const opened = `
    const { PassThrough } = await import('node:stream');
    const modem = { dial: (_, done) => done(null, new PassThrough()) };
    const error = await new Promise((resolve) => inDockerode('./session.js')({ modem }, undefined, resolve));
    setImmediate(() => process.exit());
    return [error, loaded()];`;
  await expect(inNewProcess(opened)).resolves.toEqual([null, ['@grpc/grpc-js', '@grpc/proto-loader']]);
});
