// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, onTestFinished, test, vi } from 'vitest';
import { addWitness } from '../../../src/core/deadline.ts';
import { EnvironmentError } from '../../../src/core/errors.ts';
import { SerialConsole } from '../../../src/console/index.ts';
import { ShellKindError } from '../../../src/access/index.ts';
import { ShellSession } from '../../../src/access/serial-shell/shell-session.ts';
import { testMs, wait } from './guest-shell.ts';
import { startGuest } from '../../unit/console/guest.ts';

vi.setConfig({ testTimeout: testMs });

const silence = new EnvironmentError('the daemon did not answer');

/** Until the test ends, blames something else for every missed deadline. */
function blame(): void {
  const witness = addWitness(() => Promise.resolve(silence));
  onTestFinished(() => {
    witness[Symbol.dispose]();
  });
}

test('a shell that answers only the second try takes commands, whatever made the first try fail', async () => {
  blame();
  // starts the shell after Ctrl-C, at which the terminal drops what was typed before. Nothing reads until then: a program that does could
  // also take what is typed after Ctrl-C, before the signal ends it
  await using guest = startGuest(`stty -echo; trap : INT; sh -c 'echo here; exec sleep 600'; PS1='# ' exec sh -i`);
  await using console = SerialConsole.open(guest.stream);
  await console.expect('here', wait);
  const session = new ShellSession(console, false, { answerMs: [300, 20_000] });
  expect(await session.run({ text: 'echo hello', title: 'echo' }, wait)).toMatchObject({ output: 'hello\n', exitStatus: 0 });
});

test('if something else is to blame for a shell that never answers, that is the error', async () => {
  blame();
  await using guest = startGuest(`trap '' INT; stty -echo; while printf '# '; read -r l; do :; done`);
  await using console = SerialConsole.open(guest.stream);
  const session = new ShellSession(console, false, { answerMs: [100, 100] });
  await expect(session.run({ text: 'echo hello', title: 'echo' }, wait)).rejects.toBe(silence);
});

test('the command line of GRUB, which prints carriage returns after line feeds, is recognised as another shell', async () => {
  await using guest = startGuest(
    String.raw`stty -echo raw; printf 'grub> '; while read -r l; do printf '\n\rerror: syntax error.\n\rgrub> '; done`,
  );
  await using console = SerialConsole.open(guest.stream);
  await console.expect('grub> ', wait);
  const session = new ShellSession(console, false, { answerMs: [60_000] });
  await expect(session.run({ text: 'echo hello', title: 'echo' }, wait)).rejects.toBeInstanceOf(ShellKindError);
});
