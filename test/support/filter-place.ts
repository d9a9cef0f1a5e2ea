// SPDX-License-Identifier: GPL-3.0-or-later
import { PassThrough } from 'node:stream';
import type { FilterPlace } from '../../src/qemu/relay/nic-filter.ts';

type Execute = (command: string, args: unknown, wait?: { readonly signal?: AbortSignal }) => Promise<unknown>;

/** A machine whose relay starts. @returns it, and the commands that QEMU got */
export function fakeMachine(execute: Execute): { readonly place: FilterPlace; readonly commands: readonly string[] } {
  const commands: string[] = [];
  const engine = {
    call: (_what: string, _signal: unknown, body: () => unknown) => body(),
    exits: { exitOf: () => Promise.withResolvers().promise, forget: () => undefined },
    docker: { modem: { demuxStream: (_stream: unknown, stdout: PassThrough) => stdout.write('ready\n') } },
  };
  const handle = { exec: () => Promise.resolve({ id: 'relay', start: () => Promise.resolve(new PassThrough()) }) };
  const qmp = {
    execute: (command: string, args: unknown, wait?: { readonly signal?: AbortSignal }) => {
      commands.push(command);
      return execute(command, args, wait);
    },
  };
  const place = { qmp, container: { name: 'qemu', engine, handle }, scratchDirectory: '/scratch' } as unknown as FilterPlace;
  return { place, commands };
}
