// SPDX-License-Identifier: GPL-3.0-or-later
import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import type { AskLogin } from '../init/index.ts';

/** Asks for user and password on the terminal. An empty user name means that nobody logs in. */
export function askLogin(signal: AbortSignal): AskLogin {
  return async (prompt, refused) => {
    if (refused !== undefined) process.stderr.write(`${refused}\n`);
    process.stderr.write(`The appliance asks: ${prompt}\n`);
    const user = await ask('  user (empty: do not log in): ', signal);
    if (user === '') return undefined;
    return { user, password: await ask('  password (it is not shown, but written to alpy.yaml): ', signal, true) };
  };
}

async function ask(question: string, signal: AbortSignal, isHidden = false): Promise<string> {
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (!isHidden) process.stderr.write(chunk);
      done();
    },
  });
  process.stderr.write(question);
  const terminal = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await answer(terminal, signal);
  } finally {
    terminal.close();
    if (isHidden) process.stderr.write('\n');
  }
}

/** The terminal is in raw mode meanwhile, in which Ctrl-C is only a character. */
function answer(terminal: Interface, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  terminal.once('line', resolve);
  terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  terminal.once('close', () => {
    resolve(''); // the end of the input
  });
  signal.addEventListener(
    'abort',
    () => {
      reject(signal.reason as Error);
    },
    { once: true },
  );
  return promise;
}
