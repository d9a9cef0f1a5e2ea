// SPDX-License-Identifier: GPL-3.0-or-later
import type { RemoteShell } from '../access/index.ts';
import type { NicModel } from '../qemu/index.ts';

/** What a shell on the device tells. */
export interface Examined {
  /** what `uname -s` prints */
  readonly system: string;
  /** the models of NIC that the guest has a driver for, in the order of preference */
  readonly nics: readonly NicModel[];
  /** whether the user is root */
  readonly isRoot: boolean;
  /** the prefix of commands that makes the user root; absent if none works without a password */
  readonly become?: string | undefined;
  /** memory that is free for programs, in MiB; absent if it is not known */
  readonly freeMiB?: number | undefined;
}

/** Models to offer to the guest, best first. `igb` and old models come last: alpy uses them only if there is nothing else. */
const models: readonly NicModel[] = ['virtio-net-pci', 'e1000', 'e1000e', 'vmxnet3', 'rtl8139', 'pcnet', 'i82551', 'ne2k_pci'];

/** Arguments of QEMU for one NIC of each model, without a network: the guest shows a NIC by its MAC address if it has a driver. */
export const nicProbeArguments: readonly string[] = models.flatMap((model, index) => [
  '-device',
  `${model},mac=${macOf(index)},romfile=`,
]);

function macOf(index: number): string {
  return `52:54:00:a1:ff:0${index}`;
}

/** Examines the device by commands that every Unix has. */
export async function examine(shell: RemoteShell): Promise<Examined> {
  const outputOf = async (command: string): Promise<string> => (await shell.run(command, { check: false })).output;
  const system = (await outputOf('uname -s')).trim();
  const isRoot = (await outputOf('id -u')).trim() === '0';
  const macs = (await outputOf('cat /sys/class/net/*/address 2>/dev/null || ifconfig -a')).toLowerCase();
  const free = /^MemAvailable: +(\d+) kB/m.exec(await outputOf('cat /proc/meminfo 2>/dev/null'))?.[1];
  return {
    system,
    nics: models.filter((_model, index) => macs.includes(macOf(index))),
    isRoot,
    become: isRoot ? undefined : await findBecome(shell),
    freeMiB: free === undefined ? undefined : Math.floor(Number(free) / 1024),
  };
}

async function findBecome(shell: RemoteShell): Promise<string | undefined> {
  for (const prefix of ['sudo -n', 'doas -n']) {
    const { exitStatus } = await shell.run(`${prefix} true`, { check: false });
    if (exitStatus === 0) return prefix;
  }
  return undefined;
}
