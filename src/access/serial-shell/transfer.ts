// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../../core/deadline.ts';
import { escapeBytes, tail, quoteWord } from '../../core/text.ts';
import { checksumFor } from './checksum.ts';
import { TransferError } from './errors.ts';
import { separateKernelMessages } from './kernel-messages.ts';
import { base64Lines, printfLines } from './line-feed.ts';
import type { ShellSession } from './shell-session.ts';

const tools = ['base64', 'od', 'sha256sum', 'md5sum', 'cksum'];

/** Finds out which of the programs for transfers the device has. */
export async function findTools(session: ShellSession, wait: Wait): Promise<ReadonlySet<string>> {
  const text = `for t in ${tools.join(' ')};do command -v $t >/dev/null 2>&1&&echo $t;done`;
  const { output } = await session.run({ text, title: 'look for programs that encode and compare files', isOwn: true }, wait);
  return new Set(output.split('\n'));
}

/**
 * Writes a file on the device: first `<path>.alpy`, which is renamed to `path` only if its checksum is right.
 * @throws TransferError when the device cannot write it, or the checksum is wrong twice
 */
export async function putFile(
  session: ShellSession,
  available: ReadonlySet<string>,
  bytes: Uint8Array,
  path: string,
  mode: number,
  wait: Wait,
): Promise<void> {
  const [part, encoded] = [quoteWord(`${path}.alpy`), quoteWord(`${path}.alpy64`)];
  const { program, of } = checksumFor(available);
  const isBase64 = available.has('base64');
  const write = isBase64 ? `command printf '%s\\n' "\${alpy_l#: }"` : `command printf %b "\${alpy_l#: }"`;
  const steps = [
    ...(isBase64 ? [`base64 -d <${encoded} >${part}`, `rm -f ${encoded}`] : []),
    `[ $alpy_e = 0 ]`,
    `{ set -- $(${program} <${part});[ "$1" = ${of(bytes)} ]||exit 99; }`,
    `chmod ${mode.toString(8)} ${part}`,
    `mv -f ${part} ${quoteWord(path)}`,
  ];
  await createPart(session, path, part, wait);
  const failed = `{ s=$?;rm -f ${part} ${encoded};exit $s; }`;
  for (let attempt = 1; ; attempt += 1) {
    const result = await session.run(
      {
        // a failed write must not end the reader: the shell would run the lines that follow
        text: (envelope) =>
          `umask 077;alpy_e=0;{ ${envelope.reader(`${write} >&3||alpy_e=1`)};} 3>${isBase64 ? encoded : part}||exit 1\n(${steps.join('&&')})||${failed}`,
        input: isBase64 ? base64Lines(bytes) : printfLines(bytes),
        redirect: '',
        isOwn: true,
        title: `write ${path}`,
      },
      wait,
    );
    if (result.exitStatus === 0) return;
    if (result.exitStatus === 99 && attempt < 2) continue;
    throw cannotWrite(session, path, result.exitStatus === 99 ? `its ${program} is wrong again` : reasonIn(result.output));
  }
}

/** Creates the file before its content is typed: so a device that cannot write fails now, and the file is private from the start. */
async function createPart(session: ShellSession, path: string, part: string, wait: Wait): Promise<void> {
  const refuse = (test: string, reason: string): string => `[ ${test} "$f" ]&&{ echo '${reason}';exit 1;}`;
  const refusals = [
    refuse('-d', 'it is a directory'), // mv would move it into that
    `[ -e "$f" ]&&${refuse('! -f', 'it is a device, pipe or socket')}`, // mv would replace it
  ];
  const text = `f=${quoteWord(path)};${refusals.join(';')};umask 077;: >${part}`;
  const { exitStatus, output } = await session.run({ text, title: `create ${path}`, isOwn: true }, wait);
  if (exitStatus !== 0) throw cannotWrite(session, path, reasonIn(output));
}

function cannotWrite(session: ShellSession, path: string, reason: string): TransferError {
  return new TransferError(`${session.console.name}: cannot write ${path} on the device: ${reason}`);
}

/** How much of a file is read at once, in `bytes`: less after a failure, because the kernel may print on the console. */
const largestBlock = 24 * 1024;
const smallestBlock = 512;
/** How often a block may arrive damaged; usually the deadline of the call comes first. */
const mostFailures = 30;

/**
 * Reads a file of the device, block by block. Each has a checksum and is read again if that is wrong.
 * @throws TransferError when it cannot be read, or a block arrives damaged every time
 */
export async function getFile(session: ShellSession, available: ReadonlySet<string>, path: string, wait: Wait): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for (let [offset, size] = [0, largestBlock]; ;) {
    const { bytes, isLast, isFirstTry, askedFor } = await getBlock(session, available, path, { offset, size }, wait);
    blocks.push(bytes);
    if (isLast) return Buffer.concat(blocks);
    offset += bytes.length;
    size = isFirstTry ? Math.min(largestBlock, askedFor * 2) : askedFor;
  }
}

interface Block {
  readonly bytes: Buffer;
  /** whether the file ends with it */
  readonly isLast: boolean;
  readonly isFirstTry: boolean;
  readonly askedFor: number;
}

/** Reads `size` bytes of a file at `offset`, or fewer if they arrive damaged. */
async function getBlock(
  session: ShellSession,
  available: ReadonlySet<string>,
  path: string,
  { offset, size }: { readonly offset: number; readonly size: number },
  wait: Wait,
): Promise<Block> {
  const { program, of } = checksumFor(available);
  const isBase64 = available.has('base64');
  const cannotRead = `${session.console.name}: cannot read ${path} of the device: `;
  for (let [failures, askedFor] = [0, size]; ; askedFor = Math.max(smallestBlock, Math.floor(askedFor / 2))) {
    const head = `head -c ${askedFor}`; // enough for the first block: each program costs a guest without KVM some 20 ms
    const block = offset === 0 ? `${head} <${quoteWord(path)}` : `tail -c +${offset + 1} ${quoteWord(path)}|${head}`;
    const text = `: <${quoteWord(path)}||exit 1\n${block}|${isBase64 ? 'base64' : 'od -An -v -tx1'}\necho .\n${block}|${program}`;
    const { output, exitStatus } = await session.run({ text, title: `read ${path}`, isOwn: true }, wait);
    if (exitStatus !== 0) throw new TransferError(`${cannotRead}${tail(output, 500)}`);
    const { encoded, sums } = partsOf(output);
    const bytes = Buffer.from(encoded, isBase64 ? 'base64' : 'hex');
    if (sums.includes(of(bytes)) && bytes.length <= askedFor) {
      return { bytes, isLast: bytes.length < askedFor, isFirstTry: failures === 0, askedFor };
    }
    failures += 1;
    if (failures > mostFailures) {
      const tries = `${failures} times in a row, finally for ${askedFor} bytes at ${offset}`;
      throw new TransferError(`${cannotRead}its ${program} was wrong ${tries}: does something else print on the console?`);
    }
  }
}

/** A block and what may be its checksum, as the device printed them, without what the kernel printed. */
function partsOf(output: string): { readonly encoded: string; readonly sums: readonly string[] } {
  const lines = separateKernelMessages(output).output.split('\n');
  const end = lines.indexOf('.');
  const encoded = lines.slice(0, end).filter((line) => /^[A-Za-z0-9+/= ]*$/.test(line)); // other lines do not belong to the block
  const sums = lines.slice(end + 1).map((line) => line.trim().split(/\s/)[0] ?? '');
  return { encoded: encoded.join('').replaceAll(' ', ''), sums };
}

/** What the device printed about a failure, without the acknowledgements of the transfer. */
function reasonIn(output: string): string {
  const reason = output.replace(/^@@[0-9a-f]{8}A\d+@@$/gm, '').trim();
  return reason === '' ? 'it gives no reason' : escapeBytes(Buffer.from(tail(reason, 500)));
}
