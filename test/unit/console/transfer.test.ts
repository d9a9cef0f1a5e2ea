// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { TransferError, type RemoteShell } from '../../../src/console/index.ts';
import { EnvironmentError } from '../../../src/core/errors.ts';
import { startShell } from './guest-shell.ts';
import { availableShells } from './guest.ts';

describe.concurrent.each(availableShells())('a transfer in %s', (_name, command) => {
  const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

  /** An empty folder on the guest. */
  async function makeFolder(shell: RemoteShell): Promise<string> {
    return (await shell.run('mktemp -d')).output;
  }

  test('brings every byte there and back', async () => {
    await using guest = await startShell(command);
    const { shell } = guest;
    const folder = await makeFolder(shell);
    await shell.upload(everyByte, `${folder}/it's all`, { mode: 0o640 });
    expect((await shell.run(`cd ${folder}; ls | cat; stat -c '%a %s' "it's all"; ls -A | wc -l`)).output).toBe(
      "it's all\n640 256\n1",
    );
    expect(await shell.download(`${folder}/it's all`)).toEqual(everyByte);
    await shell.upload(new Uint8Array(), `${folder}/empty`);
    expect(await shell.download(`${folder}/empty`)).toEqual(Buffer.alloc(0));
    await shell.run(`rm -r ${folder}`);
  });

  test('needs neither base64 nor checksum programs', async () => {
    await using guest = await startShell(command);
    const { shell } = guest;
    const folder = await makeFolder(shell);
    const programs = 'od tail head wc rm mv chmod cat';
    await shell.run(`mkdir ${folder}/bin; for p in ${programs}; do ln -s "$(command -v $p)" ${folder}/bin; done`);
    await shell.run(`OLD=$PATH; PATH=${folder}/bin`, { keepState: true });
    await shell.upload(everyByte, `${folder}/file`);
    expect(await shell.download(`${folder}/file`)).toEqual(everyByte);
    await shell.run(`PATH=$OLD; rm -r ${folder}`);
  });

  test('takes 200 kB, and says when the device cannot write or has no such file', async () => {
    await using guest = await startShell(command);
    const { shell } = guest;
    const folder = await makeFolder(shell);
    const bytes = randomBytes(200_000);
    await shell.upload(bytes, `${folder}/file`);
    expect((await shell.download(`${folder}/file`)).equals(bytes)).toBe(true);
    await expect(shell.upload(bytes, `${folder}/none/file`)).rejects.toBeInstanceOf(TransferError);
    await expect(shell.download(`${folder}/none`)).rejects.toBeInstanceOf(TransferError);
    await expect(shell.upload('/nonexistent/file', '/tmp/file')).rejects.toBeInstanceOf(EnvironmentError);
    expect((await shell.run(`rm -r ${folder}; echo fine`)).output).toBe('fine');
  });

  test('of a script runs it by its interpreter, with arguments, and leaves nothing', async () => {
    await using guest = await startShell(command);
    const { shell } = guest;
    const folder = await makeFolder(shell);
    const content = `#!/usr/bin/env bash\narray=("$@")\necho "\${array[1]} \${#array[@]} $PWD"\nexit 4\n`;
    await shell.run(`cd ${folder}`, { keepState: true });
    const result = await shell.runScript({ content }, ['a b', "it's"], { check: false, directory: folder });
    expect(result).toEqual({ output: `it's 2 ${folder}`, exitStatus: 4, droppedBytes: 0 });
    expect((await shell.run('ls -A')).output).toBe('');
    await expect(shell.runScript({ content: 'echo "no shebang"; false' })).rejects.toMatchObject({
      exitStatus: 1,
      output: 'no shebang\n',
    });
    await shell.run(`rm -r ${folder}`);
  });
});
