// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAccess, type Access, type Boot } from '../../../src/access/index.ts';
import type { Appliance } from '../../../src/config/index.ts';
import { SerialConsole, Transcript } from '../../../src/console/index.ts';
import { withSink, type StepEvent } from '../../../src/core/step.ts';
import { hasProgram, startGuest } from '../../unit/console/guest.ts';
import { appliance } from '../../unit/access/appliance.ts';

/** For waits that end immediately unless something is broken. */
export const wait = { timeoutMs: 25_000 };
/** A boot of a guest that has been running for long. */
export const boot: Boot = { signal: new AbortController().signal, ageMs: Infinity, bootPosition: 0 };
/** Whether this machine has the programs of these guests. */
export const canRun = hasProgram('script') && hasProgram('bash') && hasProgram('dash');
if (!canRun) process.stderr.write("skipped: no test of dialogues, because dash, bash or util-linux's script is not installed\n");

export type Login = NonNullable<Appliance['login']>;

/** A guest on a terminal, and what alpy records of it. */
export interface Guest extends AsyncDisposable {
  readonly access: Access;
  readonly console: SerialConsole;
  /** what the console files hold once the guest is gone */
  readonly files: () => Promise<string>;
  /** texts of all events so far */
  readonly events: StepEvent[];
  readonly ready: (limits?: { readonly timeoutMs: number }) => Promise<void>;
}

/** A guest whose console runs a script of bash. */
export async function startDialogue(script: string, login: Login, changes: Partial<Appliance> = {}): Promise<Guest> {
  const directory = await mkdtemp(join(tmpdir(), 'alpy-dialogue-'));
  const guest = startGuest(`exec bash -c '${script.replaceAll("'", String.raw`'\''`)}'`);
  const console = SerialConsole.open(guest.stream, { name: 'router', transcript: Transcript.create(join(directory, 'console')) });
  const access = createAccess({ name: 'right', appliance: appliance({ login, ...changes }), console, timeFactor: 1 });
  const events: StepEvent[] = [];
  return {
    access,
    console,
    events,
    files: async () => {
      await console.close();
      const texts = ['log', 'txt'].map((suffix) => readFile(join(directory, `console.${suffix}`), 'utf8'));
      return (await Promise.all(texts)).join('\n');
    },
    ready: (limits = wait) => withSink((event) => events.push(event), () => access.ready(boot, limits)), // prettier-ignore
    [Symbol.asyncDispose]: async () => {
      await console.close();
      await guest[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
}

/**
 * Asks for a name and the password in $pw until both are right. Like a real getty, it begins a new line: a shell that has ended may have
 * printed its prompt before.
 */
export const getty = `login() { while :; do echo; read -rp 'guest login: ' u; read -rsp 'Password: ' p; echo
[ "$u:$p" = "bob:$pw" ] && return; echo 'Login incorrect'; done; }`;
