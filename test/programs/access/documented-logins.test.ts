// SPDX-License-Identifier: GPL-3.0-or-later
// The log-ins of docs/configuration.md, with devices as the page describes them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config/index.ts';
import { parseYaml } from '../../../src/config/read.ts';
import { canRun, getty, startDialogue, wait, type Login } from './dialogue.ts';

const folder = join(import.meta.dirname, '../../../docs/examples/configuration');

/** The log-in of an example. */
function loginOf(example: string): Login {
  const file = join(folder, example);
  const { login } = resolveConfig({ file, raw: parseYaml(file, readFileSync(file, 'utf8')), directory: folder }).config.devices[0]
    .appliance;
  if (!login) throw new Error(`${example} has no login`);
  return login;
}

const login = `${getty.replace('bob', 'admin')}; login`;

describe.skipIf(!canRun)('the documented log-in', { concurrent: true }, () => {
  test('gets through a menu and csh', async () => {
    const script = `pw=admin-pw; ${login}; read -rp 'Enter an option: ' o; [ "$o" = 8 ] || exit
      read -rp 'firewall% ' c; [ "$c" = 'exec sh' ] || exit; exec dash -i`;
    await using guest = await startDialogue(script, loginOf('menu.yaml'));
    await guest.ready();
    expect((await guest.access.shell.run('echo works')).output).toBe('works');
  }, 30_000);

  test('has other prompts, is refused at first, and gets from csh to sh', async () => {
    const script = `for try in 1 2; do read -rp 'Account> ' u; read -rsp 'Passcode> ' p; echo; [ $try = 2 ] || echo 'Not yet available'; done
      [ "$u:$p" = admin:admin-pw ] || exit; read -rp 'firewall% ' c; [ "$c" = 'exec sh' ] || exit; PS1='firewall$ ' exec dash -i`;
    await using guest = await startDialogue(script, loginOf('csh.yaml'));
    await guest.ready();
    expect((await guest.access.shell.run('echo works')).output).toBe('works');
  }, 30_000);

  test('sets a new password after a licence', async () => {
    const script = `pw=factory-pw; read -rp 'Press Enter to continue'; ${login}
      read -rsn1 -p 'Do you want to see the license? [Y/n]: ' key; echo; [ "$key" = n ] || exit
      for ask in 'New password: ' 'Retype new password: '; do read -rsp "$ask" new; echo; [ "$new" = my-new-pw ] || exit; done
      exec dash -i`;
    await using guest = await startDialogue(script, loginOf('new-password.yaml'));
    await guest.ready();
    expect((await guest.access.shell.run('echo works')).output).toBe('works');
  }, 30_000);

  test('ends at the prompt of a command line', async () => {
    const script = `pw=admin-pw; ${login}; read -rp 'router> ' c; [ "$c" = enable ] || exit
      read -rsp 'Password: ' p; echo; [ "$p" = enable-pw ] || exit
      while read -rp 'router# ' line; do echo "you typed: $line"; done`;
    await using guest = await startDialogue(script, loginOf('enable.yaml'));
    await guest.ready();
    await guest.console.sendLine('show version');
    const { before } = await guest.console.expect('router# ', wait);
    expect(before).toContain('you typed: show version');
    expect(guest.console.tail).toContain('you typed: terminal length 0');
  }, 30_000);
});
