// SPDX-License-Identifier: GPL-3.0-or-later
// Compares ways to save and restore the memory of a guest, with QEMU alone: no nodes, taps or console.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withDeadline } from '../../src/core/deadline.ts';
import { Container } from '../../src/docker/index.ts';
import { imageNamed } from '../../src/images/index.ts';
import { QmpClient } from '../../src/qemu/index.ts';
import { rabbitImage } from '../../test/support/testbeds.ts';
import type { Context } from '../context.ts';

/** Memory of the compared guests, in MiB. */
export const memorySizes = [128, 256, 512, 1024] as const;

const wait = { timeoutMs: 60_000 };
const capabilities = ['events', 'x-ignore-shared', 'mapped-ram'] as const;

interface Method {
  readonly name: string;
  readonly capability?: (typeof capabilities)[number];
  readonly uri: string;
}

const methods: readonly Method[] = [
  { name: 'memory in a file, mapped copy-on-write', capability: 'x-ignore-shared', uri: 'file:/s/state' },
  { name: 'mapped-ram', capability: 'mapped-ram', uri: 'file:/s/mapped' },
  { name: 'stream through exec:cat', uri: 'exec:cat /s/stream' },
];

/** Boots a guest once, saves it by each method, and restores it `rounds` times by each method. */
export async function restoreMethods(
  { testHost, directory, figures }: Context,
  memoryMiB: number,
  rounds: number,
): Promise<void> {
  const folder = await mkdtemp(join(directory, 'restore-'));
  await chmod(folder, 0o777);
  const image = imageNamed(testHost.facts.images, 'qemu').reference;
  const start = async (
    share: 'on' | 'off',
    incoming: readonly string[],
  ): Promise<{ readonly container: Container; readonly qmp: QmpClient }> => {
    const disk = `/s/disk-${performance.now()}.qcow2`;
    const container = await Container.start(testHost.engine, {
      name: 'restore',
      image,
      entrypoint: [
        'sh',
        '-c',
        'qemu-img create -q -f qcow2 -F qcow2 -b /i/rabbit.qcow2 "$0" && exec qemu-system-x86_64 "$@"',
        disk,
      ],
      command: [
        ...['-nodefaults', '-no-user-config', '-S', '-display', 'none', '-m', String(memoryMiB)],
        ...['-object', `memory-backend-file,id=ram0,size=${memoryMiB}M,mem-path=/s/memory,share=${share}`],
        ...['-machine', 'q35,memory-backend=ram0', '-accel', 'tcg,tb-size=256', '-cpu', 'max'],
        ...['-drive', `if=virtio,format=qcow2,file=${disk},cache=unsafe`],
        ...['-chardev', 'file,id=serial0,path=/dev/stderr', '-serial', 'chardev:serial0'],
        ...['-chardev', 'stdio,id=qmp0,signal=off', '-mon', 'chardev=qmp0,mode=control', ...incoming],
      ],
      networkMode: 'none',
      mounts: [
        { source: folder, target: '/s', readOnly: false },
        { source: join(rabbitImage, '..'), target: '/i', readOnly: true },
      ],
    });
    return { container, qmp: await QmpClient.open({ input: container.stdout, output: container.stdin }, wait) };
  };
  const use = async (qmp: QmpClient, command: string, { capability, uri }: Method): Promise<number> => {
    const states = capabilities.map((name) => ({ capability: name, state: name === 'events' || name === capability }));
    await qmp.execute('migrate-set-capabilities', { capabilities: states });
    if (command === 'migrate') await qmp.execute('migrate-set-parameters', { 'max-bandwidth': 2 ** 40 });
    const ended = qmp.waitForEvent(
      ({ event, data }) => event === 'MIGRATION' && ['completed', 'failed'].includes(String(data['status'])),
      wait,
    );
    const startMs = performance.now();
    await qmp.execute(command, { uri: command === 'migrate' ? uri.replace('cat /', 'cat > /') : uri });
    if ((await ended).data['status'] === 'failed') throw new Error(`${uri}: QEMU could not`);
    if (command !== 'migrate') await qmp.execute('cont');
    return performance.now() - startMs;
  };
  {
    const { container, qmp } = await start('on', []);
    await using _end = container;
    await qmp.execute('cont');
    await waitForText(container, 'login: ');
    for (const method of methods) {
      await qmp.execute('stop');
      figures.add(`save ${memoryMiB} MiB: ${method.name}`, 'ms', await use(qmp, 'migrate', method));
      await waitForMigrationEnd(qmp);
      await qmp.execute('cont');
    }
    await qmp.execute('stop');
    await use(qmp, 'migrate', methods[0]!); // last, because the file with its memory changes while the guest runs
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const method of methods) {
      const { container, qmp } = await start('off', ['-incoming', 'defer']);
      await using _end = container;
      figures.add(`restore ${memoryMiB} MiB: ${method.name}`, 'ms', await use(qmp, 'migrate-incoming', method));
    }
  }
  await rm(folder, { recursive: true, force: true });
}

/** Waits until the guest prints a text on its serial port. @throws Error if QEMU exits before */
async function waitForText({ stderr, exited }: Container, text: string): Promise<void> {
  const printed = Promise.withResolvers<void>();
  let output = '';
  stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString('latin1');
    if (output.includes(text)) printed.resolve();
  });
  void exited.then(({ text: status }) => {
    printed.reject(new Error(`QEMU exited with ${status} before the guest printed ${text}`));
  });
  await withDeadline(
    wait,
    (cause) => new Error(`the guest did not print ${text} in time`, { cause }),
    () => printed.promise,
  );
}

/** Waits until QEMU has finished a migration. It reports the completion a moment too early, and has no later event. */
async function waitForMigrationEnd(qmp: QmpClient): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) {
    const { status } = (await qmp.execute('query-status')) as { readonly status: string };
    if (status !== 'finish-migrate') return;
  }
  throw new Error('QEMU did not finish the migration');
}
