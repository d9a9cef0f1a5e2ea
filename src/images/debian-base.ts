// SPDX-License-Identifier: GPL-3.0-or-later
import type Docker from 'dockerode';
import { codeOf, messageOf } from '../core/errors.ts';
import { hashLabel } from './content-hash.ts';
import { engineEvents } from './engine-events.ts';
import { ImageBuildError } from './errors.ts';
import { OutputTail, type WorkOptions } from './progress.ts';
import type { Variables } from '../core/variables.ts';

/** A minimal Debian to make from packages. */
export interface DebianBase {
  /** name of the result; never that of an official image */
  readonly reference: string;
  readonly suite: string;
  readonly mirror: string;
  /** label of the result */
  readonly hash: string;
}

// as in `debian:…-slim`; also applies to packages that are installed later
const excludedPaths = ['/usr/share/doc/*', '/usr/share/info/*', '/usr/share/locale/*', '/usr/share/man/*'];

/** Arguments of mmdebstrap: a tar file on standard output. Pure. */
export function mmdebstrapArgs({ suite, mirror }: Pick<DebianBase, 'suite' | 'mirror'>): readonly string[] {
  return [
    '--mode=auto', // directly as root, otherwise in a user namespace
    '--variant=minbase',
    '--format=tar',
    '--include=ca-certificates',
    ...excludedPaths.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    '--dpkgopt=path-include=/usr/share/doc/*/copyright',
    suite,
    '-',
    mirror,
  ];
}

/**
 * Makes a minimal Debian with mmdebstrap and imports it into the daemon. Names it only if everything succeeded.
 * @param env - environment of the programs: `PATH`, `http_proxy`, …
 * @throws {@link ImageBuildError}
 */
export async function makeDebianBase(docker: Docker, base: DebianBase, env: Variables, options: WorkOptions = {}): Promise<void> {
  const { execa, ExecaError } = await import('execa'); // loaded here because most commands build nothing
  const { onLine, signal } = options;
  const output = new OutputTail((line) => onLine?.('base', line));
  const program = execa('mmdebstrap', mmdebstrapArgs(base), {
    env,
    extendEnv: false,
    buffer: false,
    encoding: 'buffer',
    stdin: 'ignore',
    ...(signal && { cancelSignal: signal }),
  });
  program.stderr.on('data', (chunk: Buffer) => {
    output.write(chunk.toString('latin1'));
  });
  const changes = [`LABEL ${hashLabel}=${base.hash}`, 'CMD ["bash"]'];
  try {
    const imported = importTar(docker, program.stdout, changes, signal);
    imported.catch(() => program.kill()); // nothing reads its output any more
    const [finished, id] = await Promise.allSettled([program, imported]);
    if (id.status === 'rejected') throw finished.status === 'rejected' ? finished.reason : id.reason;
    if (finished.status === 'rejected') {
      await docker.getImage(id.value).remove(); // incomplete: the daemon imports whatever it gets
      throw finished.reason;
    }
    const colon = base.reference.lastIndexOf(':');
    await docker.getImage(id.value).tag({ repo: base.reference.slice(0, colon), tag: base.reference.slice(colon + 1) });
  } catch (error) {
    signal?.throwIfAborted();
    const reason = error instanceof ExecaError ? error.shortMessage : messageOf(error);
    const step = `make Debian ${base.suite} from ${base.mirror} with mmdebstrap`;
    throw new ImageBuildError(
      { image: 'base', reference: base.reference, step, reason, lastLines: output.end(), next: remedy(error, base) },
      { cause: error },
    );
  }
}

async function importTar(
  docker: Docker,
  tar: NodeJS.ReadableStream,
  changes: readonly string[],
  abortSignal?: AbortSignal,
): Promise<string> {
  const stream = await docker.importImage(tar, { changes, ...(abortSignal && { abortSignal }) });
  let id: string | undefined;
  for await (const { status, error } of engineEvents(stream)) {
    if (error !== undefined) throw new Error(`the Docker daemon refused it: ${error}`);
    if (status?.startsWith('sha256:')) id = status;
  }
  if (id === undefined) throw new Error('the Docker daemon did not return the identifier of the image');
  return id;
}

function remedy(error: unknown, { mirror }: DebianBase): string {
  const isMissing = codeOf(error) === 'ENOENT' || (error instanceof Error && codeOf(error.cause) === 'ENOENT');
  if (isMissing)
    return 'apt-get install mmdebstrap debian-archive-keyring; or set BASE_IMAGE to a Debian image that is available';
  return `if ${mirror} is unreachable, set ALPY_DEBIAN_MIRROR to another mirror, http_proxy to a proxy, or BASE_IMAGE to an image`;
}
