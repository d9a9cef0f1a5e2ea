// SPDX-License-Identifier: GPL-3.0-or-later
import { buffer } from 'node:stream/consumers';
import { messageOf } from '../core/errors.ts';
import { Container, helperLimits, type Engine } from '../docker/index.ts';
import { failure, type Finding } from './finding.ts';

const device = '/dev/net/tun';

/**
 * Checks whether a container can create a tap, by creating one.
 * @param image - location of the QEMU image
 */
export async function checkTun(engine: Engine, image: string, signal?: AbortSignal): Promise<Finding> {
  const remedy = 'sudo modprobe tun';
  try {
    await using container = await Container.start(
      engine,
      {
        name: 'tun-probe',
        image,
        entrypoint: ['sh', '-ec', 'ip tuntap add dev tap0 mode tap'],
        command: [],
        networkMode: 'bare',
        dropAllCapabilities: true,
        addCapabilities: ['NET_ADMIN'],
        devices: [device],
        ...helperLimits,
      },
      signal,
    );
    container.expectExit();
    const [stderr, status] = await Promise.all([buffer(container.stderr), container.waitForExit({ timeoutMs: 20_000, signal })]);
    if (status.code === 0) return { name: device, result: 'ok', text: 'a container can create a tap' };
    const reason = stderr.toString().trim();
    const text = `a container cannot create a tap: ${reason}`;
    // the root of a daemon with user namespaces is an ordinary user of the machine
    if (/Permission denied/i.test(reason)) return failure(device, text, `sudo chmod 666 ${device}`);
    return { ...failure(device, text, remedy), fix: ['modprobe', 'tun'] };
  } catch (error) {
    return { ...failure(device, messageOf(error), remedy), fix: ['modprobe', 'tun'] };
  }
}
