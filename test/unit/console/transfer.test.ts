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

  /** Leaves the guest's shell these programs only, until {@link restorePrograms}. */
  async function usePrograms(shell: RemoteShell, folder: string, programs: string): Promise<void> {
    await shell.run(`mkdir ${folder}/bin; for p in ${programs}; do ln -s "$(command -v $p)" ${folder}/bin; done`);
    await shell.run(`OLD=$PATH; PATH=${folder}/bin`, { keepState: true });
  }

  async function restorePrograms(shell: RemoteShell): Promise<void> {
    await shell.run('PATH=$OLD', { keepState: true });
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

  test.each(['sum', 'md5sum'])('of a short file is one command, of %s and mv unless it is to be executable', async (checksum) => {
    await using guest = await startShell(command);
    const { shell } = guest;
    const folder = await makeFolder(shell);
    await usePrograms(shell, folder, `${checksum} mv`);
    const parts = [everyByte.subarray(1, 100), everyByte.subarray(150), Buffer.from("it's\n!! $x \\n\n\n"), Buffer.alloc(0)];
    let seen = '';
    const stop = guest.console.observe((chunk) => (seen += chunk.toString('latin1')));
    for (const [index, part] of parts.entries()) await shell.upload(part, `${folder}/it's ${String(index)}`, { mode: 0o604 });
    stop();
    expect(seen.match(/@@\w{8}[BR]@@/g)).toHaveLength(parts.length);
    await restorePrograms(shell);
    for (const mode of [0o2750, 0o244]) await shell.upload(parts[0]!, `${folder}/x ${mode.toString(8)}`, { mode });
    expect((await shell.run(`cd ${folder}; rm -r bin; stat -c '%a %s %n' *; ls -A | wc -l`)).output).toBe(
      "604 99 it's 0\n604 106 it's 1\n604 15 it's 2\n604 0 it's 3\n244 99 x 244\n2750 99 x 2750\n6",
    );
    for (const [index, part] of parts.entries()) expect(await shell.download(`${folder}/it's ${String(index)}`)).toEqual(part);
    await shell.run(`rm -r ${folder}`);
  });

  test('of a short file is as safe: what is left of an earlier one, a wrong checksum, a folder that is not there', async () => {
    await using guest = await startShell(command);
    const { shell } = guest;
    const folder = await makeFolder(shell);
    const bytes = Buffer.from('secret\n');
    await shell.run(`cd ${folder}; echo old >key.alpy; chmod 666 key.alpy`);
    await shell.upload(bytes, `${folder}/key`, { mode: 0o600 });
    expect((await shell.run(`cd ${folder}; stat -c %a key; cat key; ls -A`)).output).toBe('600\nsecret\nkey');
    await expect(shell.upload(bytes, `${folder}/none/key`)).rejects.toThrow(
      new RegExp(`cannot write ${folder}/none/key on the device: .*(?:No such file|nonexistent|[Dd]irectory)`),
    );
    await usePrograms(shell, folder, 'rm mv chmod cat od head base64');
    await shell.run(`cd ${folder}/bin; for p in sum wc sha256sum; do printf '#!/bin/sh\\necho 7\\n' >$p; chmod 755 $p; done`);
    const before = await shell.run(`cd ${folder}; echo *`);
    await expect(shell.upload(Buffer.from('new\n'), `${folder}/key`)).rejects.toThrow('its sha256sum stays wrong');
    expect(await shell.run(`cd ${folder}; echo *`)).toEqual(before);
    expect((await shell.run(`cat ${folder}/key`)).output).toBe('secret');
    await restorePrograms(shell);
    await shell.run(`rm -r ${folder}`);
  });

  test('needs neither base64 nor checksum programs', async () => {
    await using guest = await startShell(command);
    const { shell } = guest;
    const folder = await makeFolder(shell);
    await usePrograms(shell, folder, 'od tail head wc rm mv chmod cat');
    for (const bytes of [everyByte, Buffer.from('short')]) {
      await shell.upload(bytes, `${folder}/file`);
      expect(await shell.download(`${folder}/file`)).toEqual(bytes);
    }
    await restorePrograms(shell);
    await shell.run(`rm -r ${folder}`);
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

  test('to where a folder is fails, and leaves nothing in it', async () => {
    await using guest = await startShell(command);
    const { shell } = guest;
    const folder = await makeFolder(shell);
    for (const bytes of [Buffer.from('short'), everyByte]) {
      for (const path of [folder, `${folder}/`])
        await expect(shell.upload(bytes, path)).rejects.toThrow(`cannot write ${path} on the device: it is a directory`);
    }
    expect((await shell.run(`ls -A ${folder}; ls ${folder}.alpy; rm -r ${folder}`)).output).toMatch(/^ls: [^\n]*$/);
  });

  test('of a script runs it by its interpreter, with arguments, and leaves nothing', async () => {
    await using guest = await startShell(command);
    const { shell } = guest;
    const folder = await makeFolder(shell);
    const content = `#!/usr/bin/env bash\narray=("$@")\necho "\${array[1]} \${#array[@]} $PWD"\nexit 4\n`;
    await shell.run(`cd ${folder}`, { keepState: true });
    const result = await shell.runScript({ content }, ['a b', "it's"], { check: false, directory: folder });
    expect(result).toEqual({ output: `it's 2 ${folder}`, exitStatus: 4, kernelMessages: [] });
    expect((await shell.run('ls -A')).output).toBe('');
    await expect(shell.runScript({ content: 'echo "no shebang"; false' })).rejects.toMatchObject({
      exitStatus: 1,
      output: 'no shebang\n',
    });
    await shell.run(`rm -r ${folder}`);
  });
});
