// SPDX-License-Identifier: GPL-3.0-or-later
// Appliances that ask more than a name and a password: through a terminal, from the configuration to the first command.
import { describe, expect, test } from 'vitest';
import { createAccess } from '../../../src/access/index.ts';
import { appliance } from '../../unit/access/appliance.ts';
import { boot, canRun, getty, startDialogue as start, wait, type Login } from './dialogue.ts';

describe.skipIf(!canRun)('a log-in', { concurrent: true }, () => {
  test('answers a licence, in the middle of which a key is enough, and sets a new password', async () => {
    const script = `${getty}; pw=old-pass; login
      read -rsn1 -p 'Do you want to see the software license? [Y/n]: ' key; echo; [ "$key" = n ] || exit
      for ask in 'New password: ' 'Retype new password: '; do read -rsp "$ask" new; echo; [ "$new" = n3w-secret ] || exit; done
      exec dash -i`;
    await using guest = await start(script, {
      user: 'bob',
      password: 'old-pass',
      newPassword: 'n3w-secret',
      steps: [{ expect: 'license? [Y/n]: ', send: 'n', enter: false }],
    });
    await guest.ready();
    expect((await guest.access.shell.run('echo works')).output).toBe('works');
    expect(await guest.files()).not.toMatch(/old-pass|n3w-secret/);
    expect(JSON.stringify(guest.events)).not.toMatch(/old-pass|n3w-secret/);
  }, 30_000);

  test('uses the new password from then on, also after a restore', async () => {
    const change = `read -rsp '(current) UNIX password: ' p; echo; [ "$p" = old ] || exit
      read -rsp 'Enter new UNIX password: ' a; echo; read -rsp 'Retype new UNIX password: ' b; echo`;
    const script = `${getty}; pw=old; login; ${change}; pw=new; for i in 1 2 3; do login; dash -i; done`;
    const login = { user: 'bob', password: 'old', newPassword: 'new' };
    await using guest = await start(script, login);
    const refusals = (): number => guest.console.tail.split('Login incorrect').length - 1;
    await guest.ready();
    await guest.console.sendLine('exit');
    guest.access.forget();
    await guest.access.login(boot, wait);
    expect(refusals()).toBe(0);
    // a restored guest has a new access, which does not know what the device has asked for
    const restored = createAccess({
      name: 'right',
      appliance: appliance({ login, clockCommand: '' }),
      console: guest.console,
      timeFactor: 1,
    });
    restored.resume(boot);
    await restored.shell.run('true');
    await guest.console.sendLine('exit');
    await guest.console.expect(/\n(?=guest login: )/, wait);
    expect((await restored.shell.run('echo again')).output).toBe('again');
    expect(refusals()).toBe(0);
  }, 30_000);

  test('tries the old password when the device refuses the new one, and the other way round', async () => {
    const login = { user: 'bob', password: 'old', newPassword: 'new' };
    for (const pw of ['old', 'new']) {
      await using guest = await start(`${getty}; pw=${pw}; for i in 1 2; do login; dash -i; done`, login, { clockCommand: '' });
      await guest.ready();
      guest.access.resume(boot);
      await guest.access.shell.run('true');
      await guest.console.sendLine('exit');
      await guest.console.expect(/\n(?=guest login: )/, wait);
      expect((await guest.access.shell.run('echo again')).output).toBe('again');
    }
  }, 30_000);

  test('gets from a menu to the shell, and asks for more privileges', async () => {
    const menu = `${getty}; pw=x; login; while :; do
      printf '0) Logout\\n7) Ping host\\n8) Shell\\n\\n'; read -rp 'Enter an option: ' o; [ "$o" = 8 ] && break; done
      read -rp 'router> ' c; [ "$c" = enable ] || exit; read -rsp 'Password: ' p; echo; [ "$p" = s3cr3t-enable ] || exit
      exec dash -i`;
    await using guest = await start(menu, {
      user: 'bob',
      password: 'x',
      steps: [
        { expect: 'Enter an option: ', send: '8' },
        { expect: '/> $/', send: 'enable' },
        { expect: 'Password: ', send: 's3cr3t-enable', secret: true },
      ],
    });
    await guest.ready();
    expect((await guest.access.shell.run('echo works')).output).toBe('works');
    expect(await guest.files()).not.toContain('s3cr3t-enable');
    expect(JSON.stringify(guest.events)).not.toContain('s3cr3t-enable');
  }, 30_000);

  test('answers questions before it, and skips optional ones', async () => {
    const script = `${getty}; printf 'Press a key to continue\\r\\n'; read -r x; for i in 1 2 3; do read -rp '--More--' x; done; pw=x; login; exec dash -i`;
    await using guest = await start(script, {
      user: 'bob',
      password: 'x',
      steps: [
        { expect: 'Press a key', send: '' },
        { expect: '--More--', send: '', times: 5, optional: true },
        { expect: '[yes/no]: ', send: 'yes', optional: true },
      ],
    });
    await guest.ready();
    expect((await guest.access.shell.run('echo works')).output).toBe('works');
  }, 30_000);

  test('hides a secret that the device echoes', async () => {
    const script = `${getty}; pw=x; login; read -rp 'Licence key: ' key; echo "You typed $key."; exec dash -i`;
    const steps = [{ expect: 'Licence key: ', send: 'K3Y-0123-4567', secret: true }];
    await using guest = await start(script, { user: 'bob', password: 'x', steps });
    await guest.ready();
    const error: unknown = await guest.console.expect('never', { timeoutMs: 1 }).catch((caught: unknown) => caught);
    expect(JSON.stringify(error)).toContain('You typed');
    expect(JSON.stringify(error)).not.toContain('K3Y-0123-4567');
    expect(await guest.files()).not.toContain('K3Y-0123-4567');
  }, 30_000);

  test('says which step was not asked, and what the device printed instead', async () => {
    const steps = [{ expect: 'Enter an option: ', send: '8' }];
    await using guest = await start(`${getty}; pw=x; login; while :; do printf 'Choose: '; read -r x; done`, {
      user: 'bob',
      password: 'x',
      steps,
    });
    const error: unknown = await guest.ready({ timeoutMs: 8000 }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'ALPY_LOGIN_STEP', fault: 'usage' });
    expect((error as Error).message).toBe(
      'router: expected the device to print "Enter an option: " (step 1 of 1 of login.steps), got "Choose: " as its last line. ' +
        'Correct expect, or set optional: true if the device does not always ask this',
    );
  }, 30_000);

  test('says which step was not asked, even if a password was refused before', async () => {
    const steps = [{ expect: 'Enter an option: ', send: '8' }];
    const login = { user: 'bob', password: 'old', newPassword: 'new', steps };
    await using guest = await start(`${getty}; pw=new; login; while :; do printf 'Choose: '; read -r x; done`, login);
    await expect(guest.ready({ timeoutMs: 8000 })).rejects.toMatchObject({ code: 'ALPY_LOGIN_STEP' });
  }, 30_000);

  test('says which step was not asked, if a shell is there without a log-in', async () => {
    const steps = [{ expect: 'Enter an option: ', send: '8' }];
    await using guest = await start('exec dash -i', { user: 'bob', steps });
    await expect(guest.ready({ timeoutMs: 8000 })).rejects.toMatchObject({ code: 'ALPY_LOGIN_STEP' });
  }, 30_000);

  test('names the first step if nothing of the log-in comes', async () => {
    const steps = [{ expect: 'Press F1', send: '' }];
    await using guest = await start('echo booting; sleep 60', { user: 'bob', steps });
    await expect(guest.ready({ timeoutMs: 1000 })).rejects.toMatchObject({
      code: 'ALPY_CONSOLE_TIMEOUT',
      awaited: 'a login or shell prompt, or "Press F1" (step 1 of 1 of login.steps)',
    });
  }, 30_000);

  test('tries the old password when the device asks again without a word', async () => {
    const ask = `echo; read -rp 'Username: ' u; for i in 1 2 3; do read -rsp 'Password: ' p; echo; [ "$p" = old ] && exec dash -i; done`;
    const login = { user: 'bob', password: 'old', newPassword: 'new' };
    await using guest = await start(`dash -i; ${ask}`, login, { clockCommand: '' });
    guest.access.resume(boot);
    await guest.access.shell.run('true');
    await guest.console.sendLine('exit');
    await guest.console.expect(/\n(?=Username: )/, wait);
    expect((await guest.access.shell.run('echo works')).output).toBe('works');
  }, 30_000);

  test('fails if the device does not accept the new password', async () => {
    const script = `${getty}; pw=x; login; while :; do read -rsp 'New password: ' n; printf '\\nBAD PASSWORD: it is too short\\n'; done`;
    await using guest = await start(script, { user: 'bob', password: 'x', newPassword: 'short-secret' });
    const error: unknown = await guest.ready().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'ALPY_LOGIN', fault: 'usage' });
    expect((error as Error).message).toContain('the device does not accept login.newPassword');
    expect(JSON.stringify(error)).not.toContain('short-secret');
  }, 30_000);
});

describe.skipIf(!canRun)('a vendor command line', { concurrent: true }, () => {
  /** `show version` has 60 lines, in pages of 23 unless `terminal length 0` came before. */
  const router = `${getty}; pw=x; login; pager=1; while read -rp 'Router> ' line; do case $line in
    'terminal length 0') pager= ;;
    'show version') for i in {1..60}; do echo "line $i"; if [ "$pager" ] && ((i == 23)); then read -rp ' --More-- ' x; fi; done ;;
    '') ;;
    *) echo '% Invalid input detected' ;;
    esac; done`;
  const login: Login = { user: 'bob', password: 'x', shell: 'none', steps: [{ expect: 'Router> ', send: 'terminal length 0' }] };

  test('is left at its prompt, after the log-in and after a restore', async () => {
    await using guest = await start(router, login);
    await guest.ready();
    guest.access.resume(boot); // must not type the command that sets the clock
    await guest.access.waitForClock();
    await guest.console.sendLine('show version');
    const { before } = await guest.console.expect('Router> ', wait);
    expect(before.match(/line \d+\r\n/g)).toHaveLength(60);
    expect(guest.console.tail).not.toContain('Invalid input');
  }, 30_000);

  test('runs no shell command', async () => {
    await using guest = await start(router, login);
    await guest.ready();
    const { shell } = guest.access;
    await expect(shell.run('ls')).rejects.toMatchObject({ code: 'ALPY_USAGE' });
    await expect(shell.upload(Buffer.from('x'), '/x')).rejects.toMatchObject({ code: 'ALPY_USAGE' });
    const never = (): Promise<void> => Promise.reject(new Error('awaited'));
    await expect(guest.access.reboot(never, wait)).rejects.toMatchObject({ code: 'ALPY_USAGE' });
    expect(await guest.access.powerOff(never, wait)).toBe(false);
    expect(guest.console.tail).not.toContain('Invalid input');
  }, 30_000);

  test('that is taken for a shell is recognised at once', async () => {
    await using guest = await start(router, { user: 'bob', password: 'x' });
    const startMs = performance.now();
    await expect(guest.ready()).rejects.toMatchObject({ code: 'ALPY_SHELL_KIND', fault: 'usage' });
    expect(performance.now() - startMs).toBeLessThan(15_000);
  }, 30_000);
});
