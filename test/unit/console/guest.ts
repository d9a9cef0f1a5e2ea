// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Duplex } from 'node:stream';

/** Whether a program is on the PATH. */
export function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

/** A process on a terminal of its own, as a stand-in for a guest on a serial port. */
export interface Guest extends AsyncDisposable {
  readonly stream: Duplex;
  /** kills the process, like a machine that is switched off */
  readonly powerOff: () => void;
}

/** Changes what the guest prints on its way to the console. */
export type Tamper = (output: Buffer) => Buffer;

/** Starts a shell command on a pseudo-terminal (`script` of util-linux makes it). */
export function startGuest(command: string, tamper: Tamper = (output) => output): Guest {
  const env = { ...process.env, SHELL: '/bin/sh', TERM: 'vt100', PS1: 'guest# ', HISTFILE: '', INPUTRC: '/dev/null' };
  const child = spawn('script', ['-qfc', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'], env });
  const closed = once(child, 'close');
  child.stdin.on('error', () => undefined); // the process may end while somebody types
  const stream = new Duplex({
    read: () => child.stdout.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      child.stdin.write(chunk, () => {
        done();
      });
    },
    destroy: (error, done) => {
      child.kill('SIGKILL');
      done(error);
    },
  });
  child.stdout.on('data', (chunk: Buffer) => {
    if (!stream.push(tamper(chunk))) child.stdout.pause();
  });
  child.stdout.on('end', () => stream.push(null));
  return {
    stream,
    powerOff: () => child.kill('SIGKILL'),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

/** Inserts a kernel message wherever `place` is printed, `offset` bytes after its beginning. */
export function cutIn(place: RegExp, offset: number, message: string): Tamper {
  return (output) => {
    const at = output.toString('latin1').search(place);
    if (at < 0) return output;
    return Buffer.concat([output.subarray(0, at + offset), Buffer.from(message), output.subarray(at + offset)]);
  };
}

/** Inserts a message after every `countBytes` bytes of output. */
export function insertEvery(countBytes: number, message: string): Tamper {
  let left = countBytes;
  return (output) => {
    const parts: Buffer[] = [];
    let from = 0;
    for (; output.length - from >= left; left = countBytes) {
      parts.push(output.subarray(from, from + left), Buffer.from(message));
      from += left;
    }
    left -= output.length - from;
    return Buffer.concat([...parts, output.subarray(from)]);
  };
}

/** Two ends of one connection, in memory: what one writes the other reads. */
export function connect(): { readonly near: Duplex; readonly far: Duplex } {
  const end = (other: () => Duplex): Duplex =>
    new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        other().push(chunk);
        done();
      },
      final: (done) => {
        other().push(null);
        done();
      },
    });
  const near: Duplex = end(() => far);
  const far: Duplex = end(() => near);
  return { near, far };
}

/** The shells of this machine that a guest may have, by the command that starts each; reports which ones are missing. */
export function availableShells(
  more: Readonly<Record<string, string>> = {},
): readonly (readonly [name: string, command: string])[] {
  const known = { ...more, dash: 'exec dash -i', bash: 'exec bash --norc --noprofile -i', busybox: 'exec busybox ash -i' };
  return Object.entries(known).filter(([name]) => {
    const isThere = hasProgram(name) && hasProgram('script');
    if (!isThere) process.stderr.write(`skipped: no test with ${name}, because it or util-linux's script is not installed\n`);
    return isThere;
  });
}
