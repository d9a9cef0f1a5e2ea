// SPDX-License-Identifier: GPL-3.0-or-later
import { text } from 'node:stream/consumers';
import { messageOf } from '../core/errors.ts';
import { Container, featureRemedy, helperLimits, kernelFeatures, type Engine, type KernelFeature } from '../docker/index.ts';
import type { Finding } from './finding.ts';

const name = 'features of nodes';

/** Tries each feature in a network namespace of its own, which ends with the container, and prints the numbers of those that work. */
function script(features: readonly KernelFeature[]): string {
  const attempts = features.flatMap(({ attempt }, index) =>
    attempt === undefined ? [] : [`${attempt} && echo ${index}`, 'ip link delete alpy1', 'tc qdisc delete dev alpy0 root'],
  );
  return [
    'exec 2>/dev/null',
    'ip link add name alpy0 type veth peer name alpy2',
    'ip link set alpy0 up',
    ...attempts,
    'true',
  ].join('\n');
}

/** What `alpy doctor` says about the features that were tried. Pure. */
export function judgeFeatures(works: ReadonlySet<number>): Finding {
  const tried = kernelFeatures.filter(({ attempt }) => attempt !== undefined);
  const has = (feature: KernelFeature): boolean => works.has(kernelFeatures.indexOf(feature));
  const names = (features: readonly KernelFeature[]): string => features.map((feature) => feature.name).join(', ') || 'none';
  const missing = tried.filter((feature) => !has(feature));
  if (missing.length === 0) return { name, result: 'ok', text: `the kernel has ${names(tried)}` };
  return {
    name,
    result: 'warning',
    text: `the kernel has ${names(tried.filter(has))}. It lacks ${names(missing)}; only tests that use them on nodes or in apps need them. Nodes of kind guest have a kernel of their own`,
    remedy: featureRemedy(missing),
  };
}

/**
 * Finds out which features of the kernel nodes have, by trying them.
 * @param image - location of the image of nodes
 */
export async function checkNodeFeatures(engine: Engine, image: string, signal?: AbortSignal): Promise<Finding> {
  try {
    await using container = await Container.start(
      engine,
      {
        name: 'feature-probe',
        image,
        entrypoint: ['sh', '-c', script(kernelFeatures)],
        command: [],
        networkMode: 'bare',
        dropAllCapabilities: true,
        addCapabilities: ['NET_ADMIN'],
        ...helperLimits,
      },
      signal,
    );
    container.expectExit();
    const [printed] = await Promise.all([text(container.stdout), container.waitForExit({ timeoutMs: 20_000, signal })]);
    return judgeFeatures(
      new Set(
        printed
          .split('\n')
          .filter((line) => line !== '')
          .map(Number),
      ),
    );
  } catch (error) {
    signal?.throwIfAborted();
    return { name, result: 'warning', text: `they are unknown: ${messageOf(error)}` };
  }
}
