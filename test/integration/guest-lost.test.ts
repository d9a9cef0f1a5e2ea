// SPDX-License-Identifier: GPL-3.0-or-later
// Guests and images that fail, and the errors that report it.
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chooseAccel } from '../../src/qemu/index.ts';
import { imageNamed } from '../../src/images/index.ts';
import { openWithBlankDisk, rabbit, rabbitImage, type TestHost } from '../support/testbeds.ts';

let testHost: TestHost;
let blank: string;

beforeAll(async () => {
  ({ testHost, blank } = await openWithBlankDisk());
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
});

describe('a guest that ends unexpectedly', () => {
  test.each([
    { name: 'panics', command: 'echo c >/proc/sysrq-trigger', ending: 'panic' },
    { name: 'reboots', command: 'reboot -f', ending: 'reset' },
    { name: 'powers off', command: 'poweroff -f', ending: 'shutdown' },
  ])('because it $name ends the pending command at once, and fails the test', async ({ command, ending }) => {
    const testbed = await testHost.testbed(rabbit(), 1);
    await testbed.dut.boot();
    const running = testbed.dut.shell.run(`${command}; sleep 600`, { timeoutMs: 600_000 });
    await expect(running).rejects.toMatchObject({ code: 'ALPY_GUEST_LOST', fault: 'device', ending });
    await expect(testbed.close()).rejects.toMatchObject({ code: 'ALPY_GUEST_LOST', ending });
    expect(await testHost.containers()).toEqual([]);
  });
});

describe('a guest that does not boot', () => {
  test('because its console never shows a prompt', async () => {
    const appliance = rabbit({ image: blank, bootTimeoutMs: 1000 });
    const directory = await mkdtemp(join(testHost.directory, 'silent-'));
    const seaBios = expect.stringMatching(/^SeaBIOS /) as string;
    const testbed = await testHost.testbed(appliance, 1, { directory });
    await expect(testbed.dut.boot()).rejects.toMatchObject({
      code: 'ALPY_BOOT',
      fault: 'environment',
      details: expect.arrayContaining([
        expect.objectContaining({ lines: expect.arrayContaining([seaBios]) as string[] }),
      ]) as unknown[],
      cause: { code: 'ALPY_CONSOLE_TIMEOUT', awaited: 'a login or shell prompt', tail: '' },
    });
    expect((await readFile(join(directory, 'screen.png'))).subarray(1, 4).toString()).toBe('PNG');
    await testbed.close();
  });

  test('because the login is wrong', async () => {
    const { login } = rabbit();
    const testbed = await testHost.testbed(rabbit({ login: { ...login!, password: 'carrot', retryMs: 0 } }), 1);
    const boot = testbed.dut.boot();
    await expect(boot).rejects.toMatchObject({
      code: 'ALPY_LOGIN',
      fault: 'usage',
      user: 'root',
    });
    await testbed.close();
  });

  test('cannot power down in time', async () => {
    const testbed = await testHost.testbed(rabbit({ image: blank, login: undefined }), 0);
    await testbed.dut.start();
    await expect(testbed.dut.powerDown({ timeoutMs: 300 })).rejects.toMatchObject({
      code: 'ALPY_QMP_TIMEOUT',
      fault: 'device',
      awaited: 'rabbit to power off',
    });
    await testbed.close();
  });
});

describe('a disk image', () => {
  const make = (image: string, changes = {}): Promise<unknown> => testHost.testbed(rabbit({ image, ...changes }), 0);

  test('that is missing', async () => {
    await expect(make('/nowhere/disk.qcow2')).rejects.toMatchObject({
      code: 'ALPY_DISK_IMAGE',
      fault: 'environment',
      path: '/nowhere/disk.qcow2',
      cause: { code: 'ENOENT' },
    });
  });

  test('that is a link into another folder, with a link in its path', async () => {
    const [images, links] = [join(testHost.directory, 'images'), join(testHost.directory, 'links')];
    await mkdir(images);
    await mkdir(links);
    await copyFile(blank, join(images, 'blank.raw'));
    await symlink('../images', join(links, 'folder'));
    await symlink('folder/blank.raw', join(links, 'disk'));
    const testbed = await testHost.testbed(rabbit({ image: join(links, 'disk') }), 0);
    await testbed.dut.start();
    await testbed.close();
    await rm(join(images, 'blank.raw'));
    await expect(make(join(links, 'disk'))).rejects.toThrow(
      /links\/disk: it is a link to folder\/blank\.raw, but there is no such file/,
    );
  });

  test('that is compressed in a way that alpy does not know is recognised before QEMU sees it', async () => {
    const image = join(testHost.directory, 'disk.qcow2.lz4');
    await writeFile(image, Buffer.from('04224d18', 'hex'));
    const unpacks = expect.stringContaining('unlz4') as string;
    await expect(make(image)).rejects.toMatchObject({ code: 'ALPY_DISK_IMAGE', path: image, message: unpacks });
  });

  test('that is truncated', async () => {
    const image = join(testHost.directory, 'truncated.qcow2');
    await copyFile(rabbitImage, image);
    await truncate(image, 20_000_000);
    // which clusters the end cuts depends on the image's layout: qemu-img reports damaged clusters or a file that is too short
    const truncated = expect.stringMatching(
      /: it is truncated: 20000000 bytes of \d+|: it is truncated or damaged: qemu-img check /,
    ) as string;
    await expect(make(image)).rejects.toMatchObject({ code: 'ALPY_DISK_IMAGE', path: image, message: truncated });
  });

  test('that is a web page', async () => {
    const image = join(testHost.directory, 'page.qcow2');
    await writeFile(image, '<html>404 Not Found</html>\n'.repeat(100));
    const noBootSector = expect.stringContaining('boot sector') as string;
    await expect(make(image)).rejects.toMatchObject({ code: 'ALPY_DISK_IMAGE', path: image, message: noBootSector });
  });

  test('in a folder that only its owner may enter, while an argument names a file there', async () => {
    const folder = join(testHost.directory, 'private');
    await mkdir(folder, { mode: 0o700 });
    const image = join(folder, 'blank.raw');
    await copyFile(blank, image);
    await writeFile(join(folder, 'rom'), '');
    const qemuArgs = ['-fw_cfg', 'name=opt/rom,file=/alpy/image/rom'];
    await expect(make(image, { qemuArgs })).rejects.toMatchObject({ code: 'ALPY_DISK_IMAGE', path: image });
  });

  test('whose format differs from the configuration', async () => {
    await expect(make(blank, { format: 'qcow2' })).rejects.toMatchObject({
      code: 'ALPY_DISK_IMAGE',
      path: blank,
      message: expect.stringContaining('appliance.format') as string,
    });
  });
});

test('an argument that QEMU refuses is named, with the key that added it', async () => {
  const refused = testHost.testbed(rabbit({ image: blank, qemuArgs: ['-device', 'no-such-device'] }), 1);
  await expect(refused).rejects.toMatchObject({
    code: 'ALPY_HYPERVISOR',
    fault: 'usage',
    message: expect.stringContaining('appliance.qemuArgs adds -device no-such-device') as string,
    stderr: expect.stringContaining("'no-such-device' is not a valid device model name") as string,
  });
  expect(await testHost.containers()).toEqual([]);
});

test('`accel: kvm` is refused with the reason if KVM does not work', async ({ skip }) => {
  if (testHost.facts.accel === 'kvm') skip('KVM works on this machine');
  const image = imageNamed(testHost.facts.images, 'qemu').reference;
  const choice = chooseAccel('kvm', { engine: testHost.engine, image, cacheFile: '.cache/kvm.json' });
  await expect(choice).rejects.toThrow(/accel is kvm, but KVM does not work: .*\. Use accel auto or tcg/);
});

test('a capture that fills the disk is an environment error', async ({ skip }) => {
  const directory = join(testHost.directory, 'small');
  await mkdir(directory);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', directory], { stdio: 'pipe' });
  } catch (error) {
    skip(`cannot mount a small file system: ${String(error)}`);
  }
  try {
    const testbed = await testHost.testbed(rabbit(), 1, { directory });
    await testbed.dut.boot();
    await testbed.dut.shell.run('ip address add 10.0.0.2/24 dev eth0 && ip link set eth0 up');
    await testbed.nodes[0]!.configure({ address: '10.0.0.1/24' });
    expect(await testbed.nodes[0]!.run('ping -q -f -s 1400 -c 300 -w 60 10.0.0.2', { timeoutMs: 90_000 })).toMatchObject({
      exitStatus: 0,
    });
    await expect(testbed.close()).rejects.toMatchObject({
      errors: expect.arrayContaining([
        expect.objectContaining({
          fault: 'environment',
          message: expect.stringMatching(/could not write|not complete/) as string,
        }),
      ]) as unknown[],
    });
    expect(await testHost.containers()).toEqual([]);
  } finally {
    execFileSync('umount', [directory]);
  }
});

test("a guest's disk that outgrows the host's is an environment error at once, with QEMU's I/O error", async () => {
  // a driver that fails as a full disk does; for the real one, the folder in which Docker keeps its data would have to be full
  const full =
    'driver=blkdebug,image.driver=null-co,image.size=64M,inject-error.0.event=none,inject-error.0.iotype=write,inject-error.0.errno=28';
  const testbed = await testHost.testbed(rabbit({ qemuArgs: ['-drive', `if=virtio,${full}`] }), 0);
  await testbed.dut.boot();
  const error = {
    code: 'ALPY_DISK_IO',
    fault: 'environment',
    message: expect.stringMatching(/^rabbit: QEMU could not write the disk virtio\d: No space left on device\. /) as string,
  };
  const writing = testbed.dut.shell.run('head -c 16000000 /dev/urandom >/dev/vdb; sync', { timeoutMs: 600_000 });
  await expect(writing).rejects.toMatchObject(error);
  await expect(testbed.close()).rejects.toMatchObject(error);
  expect(await testHost.containers()).toEqual([]);
});
