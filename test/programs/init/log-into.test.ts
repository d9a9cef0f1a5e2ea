// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from 'vitest';
import { LoginError, RemoteShell } from '../../../src/access/index.ts';
import { SerialConsole } from '../../../src/console/index.ts';
import { logInto, type Session } from '../../../src/init/log-into.ts';
import type { Dut } from '../../../src/testbed/index.ts';
import { hasProgram, startGuest } from '../../unit/console/guest.ts';

const canRun = hasProgram('script') && hasProgram('dash');
if (!canRun) process.stderr.write("skipped: no test of init's log-in, since dash or util-linux's script is not installed\n");

/** Logs in to a guest that refuses the first log-ins. */
async function logIn(
  refusals: number,
  startMs: number,
  report: (line: string) => void,
  signal = new AbortController().signal,
): Promise<Session | undefined> {
  await using guest = startGuest(`exec dash -c 'n=0; while :; do printf "guest login: "; read -r u; printf "Password: "; read -r p
    n=$((n + 1)); echo; [ $n -le ${refusals === Infinity ? 1e9 : refusals} ] || exec dash -i; echo "Login incorrect"; done'`);
  await using console = SerialConsole.open(guest.stream);
  await console.expect('login: ', { timeoutMs: 20_000 });
  await console.sendLine();
  const login: Dut['login'] = (wait, options) =>
    RemoteShell.login(console, { user: '', ...options, settleMs: 20 }, { timeoutMs: 50_000, ...wait });
  const dut = { console, login, timeFactor: 1 } as unknown as Dut; // that is all it needs
  const question = { login: { user: 'root', password: 'x' }, bootTimeoutMs: 50_000, startMs, report, signal };
  return await logInto(dut, { kind: 'prompt', prompt: 'login', line: 'guest login: ' }, question);
}

describe.skipIf(!canRun)('a refused log-in, if nobody can be asked', { concurrent: true }, () => {
  test('is reported at once, and tried again while the guest is young', async () => {
    const controller = new AbortController();
    const lines: string[] = [];
    const report = (line: string): void => {
      lines.push(line);
      if (line.includes('trying again')) controller.abort();
    };
    await expect(logIn(Infinity, performance.now(), report, controller.signal)).rejects.toThrow();
    expect(lines.slice(0, 3)).toEqual([
      'log in as root',
      expect.stringContaining('refused'),
      expect.stringMatching(/^ {2}trying again for \d+ s, in case the device sets its passwords late; Ctrl-C ends this$/),
    ]);
  });

  test('succeeds if the device sets its passwords late', async () => {
    const session = await logIn(3, performance.now(), () => undefined);
    expect(session).toMatchObject({ user: 'root', password: 'x', examined: { system: 'Linux' } });
  });

  test('is an error if the guest is not young', async () => {
    const lines: string[] = [];
    await expect(logIn(Infinity, -Infinity, (line) => lines.push(line))).rejects.toThrow(LoginError);
    expect(lines).toEqual(['log in as root']);
  });
});
