// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { RemoteShell, TransferError } from '../../../src/access/index.ts';
import type { SessionCommand, SessionResult, ShellSession } from '../../../src/access/serial-shell/shell-session.ts';
import { getFile } from '../../../src/access/serial-shell/transfer.ts';
import { EnvironmentError } from '../../../src/core/errors.ts';
import { startShell, testMs, wait } from './guest-shell.ts';
import { availableShells, insertEvery } from '../../unit/console/guest.ts';

vi.setConfig({ testTimeout: testMs });

describe.concurrent.each(availableShells())('a transfer in %s', (_name, command) => {
  const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

  /** An empty folder on the guest. */
  async function makeFolder(shell: RemoteShell): Promise<string> {
    return (await shell.run('mktemp -d')).output;
  }

  /** Removes all programs but these from the guest's shell, until {@link restorePrograms}. */
  async function usePrograms(shell: RemoteShell, folder: string, programs: string): Promise<void> {
    await shell.run(`mkdir ${folder}/bin; for p in ${programs}; do ln -s "$(command -v $p)" ${folder}/bin; done`);
    await shell.run(`OLD=$PATH; PATH=${folder}/bin`, { keepState: true });
  }

  async function restorePrograms(shell: RemoteShell): Promise<void> {
    await shell.run('PATH=$OLD', { keepState: true });
  }

  test('copies every byte there and back', async () => {
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

  test.each(['sum', 'md5sum'])(
    'of a short file is one command of two programs, %s and mv, unless the file is executable',
    async (checksum) => {
      await using guest = await startShell(command);
      const { shell } = guest;
      const folder = await makeFolder(shell);
      await usePrograms(shell, folder, `${checksum} mv`);
      const parts = [everyByte.subarray(1, 100), everyByte.subarray(150), Buffer.from("it's\n!! $x \\n\n\n"), Buffer.alloc(0)];
      let seen = '';
      const stop = guest.console.observe((chunk) => (seen += chunk.toString('latin1')));
      for (const [index, part] of parts.entries()) await shell.upload(part, `${folder}/it's ${index}`, { mode: 0o604 });
      stop();
      expect(seen.match(/@@\w{8}[BR]@@/g)).toHaveLength(parts.length);
      await restorePrograms(shell);
      for (const mode of [0o2750, 0o244]) await shell.upload(parts[0]!, `${folder}/x ${mode.toString(8)}`, { mode });
      expect((await shell.run(`cd ${folder}; rm -r bin; stat -c '%a %s %n' *; ls -A | wc -l`)).output).toBe(
        "604 99 it's 0\n604 106 it's 1\n604 15 it's 2\n604 0 it's 3\n244 99 x 244\n2750 99 x 2750\n6",
      );
      const sums = parts.map((part, index) => `${createHash('sha256').update(part).digest('hex')}  it's ${index}`);
      expect((await shell.run(`cd ${folder}; sha256sum it*; rm -r ${folder}`)).output).toBe(sums.join('\n'));
    },
  );

  test('of a short file survives a leftover file, a wrong checksum and a missing folder', async () => {
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
    await expect(shell.upload(Buffer.from('new\n'), `${folder}/key`)).rejects.toThrow('its sha256sum is wrong again');
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

  test('takes several blocks, and fails if the device cannot write or has no such file', async () => {
    await using guest = await startShell(command);
    const { shell } = guest;
    const folder = await makeFolder(shell);
    const bytes = randomBytes(30_000);
    await shell.upload(bytes, `${folder}/file`);
    expect((await shell.download(`${folder}/file`)).equals(bytes)).toBe(true);
    await expect(shell.upload(bytes, `${folder}/none/file`)).rejects.toBeInstanceOf(TransferError);
    await expect(shell.download(`${folder}/none`)).rejects.toBeInstanceOf(TransferError);
    await expect(shell.upload('/nonexistent/file', '/tmp/file')).rejects.toBeInstanceOf(EnvironmentError);
    expect((await shell.run(`rm -r ${folder}; echo fine`)).output).toBe('fine');
  });

  test('succeeds although the kernel prints all the time', async () => {
    await using guest = await startShell(command, insertEvery(1000, '[   12.345678] eth0: link up\r\n'));
    const { shell } = guest;
    const folder = await makeFolder(shell);
    const bytes = randomBytes(30_000);
    await shell.upload(bytes, `${folder}/file`);
    expect((await shell.download(`${folder}/file`)).equals(bytes)).toBe(true);
    const text = await shell.run(`od -An -v -tx1 <${folder}/file | head -c 24000`, { exact: true });
    expect(text.output).toBe(bytes.toString('hex').replace(/../g, ' $&').replace(/.{48}/g, '$&\n').slice(0, 24_000));
    await shell.run(`rm -r ${folder}`);
  });

  test('succeeds although something without a time stamp is printed now and then', async () => {
    await using guest = await startShell(command, insertEvery(9000, 'eth0: link is up\r\n'));
    const { shell } = guest;
    const folder = await makeFolder(shell);
    const bytes = randomBytes(8_000);
    await shell.upload(bytes, `${folder}/file`);
    expect((await shell.download(`${folder}/file`)).equals(bytes)).toBe(true);
    await shell.run(`rm -r ${folder}`);
  });

  test('to the path of a folder fails, and leaves nothing in the folder', async () => {
    await using guest = await startShell(command);
    const { shell } = guest;
    const folder = await makeFolder(shell);
    for (const bytes of [Buffer.from('short'), everyByte]) {
      for (const path of [folder, `${folder}/`])
        await expect(shell.upload(bytes, path)).rejects.toThrow(`cannot write ${path} on the device: it is a directory`);
    }
    expect((await shell.run(`ls -A ${folder}; ls ${folder}.alpy; rm -r ${folder}`)).output).toMatch(/^ls: [^\n]*$/);
  });

  test('to the path of a device or pipe fails and leaves it as it is; a link to a file is replaced', async () => {
    await using guest = await startShell(command);
    const { shell } = guest;
    const folder = await makeFolder(shell);
    await shell.run(`mkfifo ${folder}/pipe; ln -s /dev/null ${folder}/null; : >${folder}/file; ln -s file ${folder}/link`);
    for (const bytes of [Buffer.from('short'), everyByte]) {
      for (const path of [`${folder}/pipe`, `${folder}/null`])
        await expect(shell.upload(bytes, path)).rejects.toMatchObject({ code: 'ALPY_TRANSFER' });
      await shell.upload(bytes, `${folder}/link`);
    }
    const kinds = `test -p ${folder}/pipe && test -c ${folder}/null && test -f ${folder}/link && ! test -s ${folder}/file`;
    await shell.run(`${kinds} && ! ls ${folder}/*.alpy && rm -r ${folder}`);
  });

  test('of a script runs it with its interpreter and arguments, and leaves no file', async () => {
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

/**
 * A device that has `bytes` in its only file, and answers the commands of a download.
 * @param isDamaged - whether a message interrupts the output of the command with this number, counted from 1
 */
function fileSession(bytes: Buffer, isDamaged: (call: number) => boolean) {
  const sizes: number[] = [];
  const run = ({ text }: SessionCommand): Promise<SessionResult> => {
    const [, first = '1', size] = /(?:tail -c \+(\d+) .*\|)?head -c (\d+)/.exec(String(text)) ?? [];
    sizes.push(Number(size));
    const start = Number(first) - 1;
    const block = bytes.subarray(start, start + Number(size));
    const encoded = block.toString('base64').replace(/.{76}/g, '$&\n');
    const sum = createHash('sha256').update(block).digest('hex');
    const whole = `${encoded}\n.\n${sum}  -\n`;
    const output = isDamaged(sizes.length) ? `${whole.slice(0, 100)}link is up\n${whole.slice(100)}` : whole;
    return Promise.resolve({ output, exitStatus: 0 });
  };
  const session = { console: { name: 'dut' }, run } as unknown as ShellSession;
  const download = (): Promise<Buffer> => getFile(session, new Set(['base64', 'sha256sum']), '/file', wait);
  return { download, sizes };
}

test('blocks of a download become smaller when they are damaged, then larger again; failures count per block', async () => {
  const bytes = randomBytes(90 * 1024);
  const { download, sizes } = fileSession(bytes, (call) => call <= 3);
  expect((await download()).equals(bytes)).toBe(true);
  expect(sizes.map((size) => size / 1024)).toEqual([24, 12, 6, 3, 3, 6, 12, 24, 24, 24]);

  const short = bytes.subarray(0, 9 * 1024);
  const often = fileSession(short, (call) => call % 4 !== 0);
  expect((await often.download()).equals(short)).toBe(true);
  expect((often.sizes.length * 3) / 4).toBeGreaterThan(31); // more failures than one block may have
});

test('the error of a download whose blocks are always damaged says at which byte it is stuck', async () => {
  const { download } = fileSession(randomBytes(1024), () => true);
  await expect(download()).rejects.toThrow(
    /was wrong 31 times in a row, finally for 512 bytes at 0: does something else print on the console\?/,
  );
});
