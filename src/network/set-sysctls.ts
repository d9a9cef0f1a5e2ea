// SPDX-License-Identifier: GPL-3.0-or-later
import { countDown, withDeadline, type Wait } from '../core/deadline.ts';
import { quoteWord } from '../core/text.ts';
import { Container, ContainerTimeoutError, helperLimits, type ContainerSpec, type Engine } from '../docker/index.ts';
import { sysctlFile, sysctlTexts, type Sysctls } from './sysctls.ts';

/** The node whose settings change. */
export interface SysctlPlace {
  readonly name: string;
  /** the `node` image */
  readonly image: string;
  /** `container:ID`: its network namespace */
  readonly networkMode: string;
}

/**
 * The container with which the daemon changes settings of a node that runs, whose own /proc/sys is read-only: the daemon makes the settings
 * before it starts the program, which does nothing. Pure.
 */
export function sysctlContainer({ name, image, networkMode }: SysctlPlace, sysctls: Sysctls): ContainerSpec {
  return {
    name: `sysctls@${name}`,
    image,
    entrypoint: ['true'],
    command: [],
    networkMode,
    dropAllCapabilities: true,
    sysctls: sysctlTexts(sysctls),
    ...helperLimits,
  };
}

/**
 * Changes settings of a node that is a container.
 * @throws ContainerError if the daemon or the kernel refuses; settings before the one that the kernel refused have changed
 * @throws ContainerTimeoutError if the daemon has not changed them in time
 */
export async function setSysctls(engine: Engine, place: SysctlPlace, sysctls: Sysctls, wait: Wait): Promise<void> {
  const remaining = countDown(wait);
  const spec = sysctlContainer(place, sysctls);
  await using container = await withDeadline(
    wait,
    (cause) => new ContainerTimeoutError(spec.name, 'its start', wait.timeoutMs, { cause }),
    (signal) => Container.start(engine, spec, signal),
  );
  container.expectExit();
  await container.waitForExit(remaining());
}

/** Lines of shell that change settings of a guest. What its kernel refuses shows only in a comparison afterwards. Pure. */
export function sysctlScript(sysctls: Sysctls): string {
  return Object.entries(sysctls)
    .map(([key, value]) => `echo ${quoteWord(String(value))} 2>/dev/null >${sysctlFile(key)} || :`)
    .join('\n');
}
