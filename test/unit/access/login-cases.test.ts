// SPDX-License-Identifier: GPL-3.0-or-later
// Consoles as real appliances have them.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LoginError, RemoteShell, type LoginOptions } from '../../../src/access/index.ts';
import { ScriptedDevice, type Answer } from './device.ts';

const wait = { timeoutMs: 600_000 };
const bare = { prepare: '' };
const root: LoginOptions = { user: 'root', password: 'hunter2' };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Runs timers until the login ends, but not longer than `limitMs`; returns how long it took, in `ms`. */
async function logIn(device: ScriptedDevice, options: LoginOptions, limitMs: number): Promise<number> {
  const startMs = performance.now();
  const state = { isOver: false };
  const login = RemoteShell.login(device.console, options, wait, bare).finally(() => {
    state.isOver = true;
  });
  login.catch(() => undefined); // awaited below, which throws the error
  while (!state.isOver && performance.now() - startMs < limitMs) await vi.advanceTimersByTimeAsync(50);
  if (!state.isOver) throw new Error(`no login within ${limitMs} ms; typed: ${JSON.stringify(device.typed)}`);
  await login;
  return performance.now() - startMs;
}

/** Asks for name and password, and refuses the first of them. */
function getty(options: { refusals?: number; banner?: string; prompt?: string; motd?: string } = {}): Record<string, Answer> {
  const { banner = '', prompt = '~ # ', motd = '' } = options;
  let refusals = options.refusals ?? 0;
  return {
    login: (name, device) => {
      if (name === '') device.become('login', `${banner}guest login: `);
      else device.become('password', 'Password: ');
    },
    password: (_text, device) => {
      refusals -= 1;
      if (refusals >= 0) device.become('login', `Login incorrect\r\n${banner}guest login: `);
      else device.become('shell', `${motd}${prompt}`);
    },
    shell: (_text, device) => {
      device.become('shell', prompt);
    },
  };
}

function started(answers: Record<string, Answer>, banner = ''): ScriptedDevice {
  const device = new ScriptedDevice('login', answers);
  device.print(`${banner}guest login: `);
  return device;
}

const once = [
  { at: 'login', text: 'root' },
  { at: 'password', text: 'hunter2' },
];

describe('a shell is recognised', () => {
  test.each(['~ # \x1b[6n', '\x1b[32mhost#\x1b[0m ', 'host# \x1b[0m', 'bob@host:~$ ', '[root@host ~]# '])(
    'by the prompt %j, with the default and with /[#$] $/',
    async (prompt) => {
      for (const options of [root, { ...root, shellPrompt: /[#$] $/ }]) {
        const device = started(getty({ prompt }));
        expect(await logIn(device, options, 5000)).toBeLessThan(1000);
        expect(device.typed).toEqual(once);
      }
    },
  );

  test.each(['router|main>>', 'host:~|', '\x1b[1m→\x1b[0m '])(
    'by any prompt %j that repeats after Enter, once the name and the password were accepted',
    async (prompt) => {
      const device = started(getty({ prompt }));
      await logIn(device, { ...root, shellPrompt: '# ' }, 10_000);
      expect(device.typed).toEqual([...once, { at: 'shell', text: '' }]);
    },
  );

  test('although the kernel prints a line every 100 ms', async () => {
    const device = started(getty());
    const talk = setInterval(() => {
      device.print('[    7.651234] cat (86) used greatest stack depth: 12345 bytes left\r\n');
    }, 100);
    await logIn(device, root, 10_000);
    clearInterval(talk);
    expect(device.typed).toEqual(once);
  });
});

describe('name and password are typed at their prompts only', () => {
  test('even with a banner and a message of the day that mention passwords', async () => {
    const banner = "login: root, default password: 'x'\r\nPassword: as on the label\r\n";
    const device = started(getty({ banner, motd: 'login: is logged\r\npassword: changeme\r\nPassword: \r\n' }), banner);
    await logIn(device, root, 10_000);
    expect(device.typed).toEqual(once);
  });

  test('even if the message of the day ends like a prompt and the shell starts slowly', async () => {
    const answers = getty();
    answers['login'] = (_name, device) => {
      device.become('shell', 'Welcome.\r\nThis host has its default password: ');
      setTimeout(() => {
        device.print('change it\r\n~ # ');
      }, 1000);
    };
    const device = started(answers);
    await logIn(device, root, 10_000);
    expect(device.typed).toEqual([{ at: 'login', text: 'root' }]);
  });

  test('even if a banner is printed piece by piece before the prompt', async () => {
    const device = new ScriptedDevice('banner', getty());
    const pieces = ['Welcome\r\ndefault pass', 'word: ', "'x'\r\nguest "];
    pieces.forEach((piece, index) => setTimeout(() => { device.print(piece); }, 100 * index)); // prettier-ignore
    setTimeout(() => {
      device.become('login', 'login: ');
    }, 400);
    await logIn(device, root, 10_000);
    expect(device.typed).toEqual(once);
  });

  test('with the line end of the device', async () => {
    const device = new ScriptedDevice('login', getty(), '\r');
    device.print('guest login: ');
    await logIn(device, root, 5000);
    expect(device.typed).toEqual(once);
  });
});

describe('Enter is pressed', () => {
  test.each([2000, 600])('although the console prints a line every %d ms', async (intervalMs) => {
    const answers = getty();
    answers['locked'] = (_text, device) => {
      device.become('login', 'guest login: ');
    };
    const device = new ScriptedDevice('locked', answers);
    device.print('Please press Enter to activate this console.\r\n');
    const talk = setInterval(() => {
      device.print('daemon: still alive\r\n');
    }, intervalMs);
    expect(await logIn(device, root, 60_000)).toBeLessThan(intervalMs === 2000 ? 15_000 : 35_000);
    clearInterval(talk);
    expect(device.typed.filter(({ text }) => text !== '')).toEqual(once);
  });

  test('neither during the countdown of a boot loader nor while the device prints without a pause', async () => {
    const device = new ScriptedDevice('countdown', getty());
    for (let second = 0; second < 20; second += 1) setTimeout(() => { device.print(`\b\b${20 - second}`); }, second * 1000); // prettier-ignore
    setTimeout(() => {
      device.become('login', '\r\nguest login: ');
    }, 20_000);
    await logIn(device, root, 40_000);
    expect(device.typed).toEqual(once);
  });
});

describe('a refused login', () => {
  test('is retried with pauses until retryMs is over', async () => {
    const device = started(getty({ refusals: 5 }));
    const tookMs = await logIn(device, { ...root, retryMs: 60_000 }, 60_000);
    expect(device.typed).toHaveLength(12);
    expect(tookMs).toBeGreaterThan(9000);
  });

  test('fails when retryMs is over, or immediately if that is 0', async () => {
    for (const [retryMs, limitMs, message] of [
      [20_000, 30_000, /refused it \d+ times in 2\d s/],
      [0, 2000, /refused it 2 times\./],
    ] as const) {
      const device = started(getty({ refusals: Infinity }));
      const refused = logIn(device, { ...root, retryMs }, limitMs);
      await expect(refused).rejects.toBeInstanceOf(LoginError);
      await expect(refused).rejects.toThrow(message);
    }
  });

  test('is distinguished from a message of the day that mentions failures', async () => {
    const device = started(getty({ motd: 'Login failed 3 times since the last one\r\n' }));
    await logIn(device, root, 5000);
    expect(device.typed).toEqual(once);
  });
});
