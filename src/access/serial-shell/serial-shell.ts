// SPDX-License-Identifier: GPL-3.0-or-later
import type { Appliance } from '../../config/index.ts';
import { countDown, type Wait } from '../../core/deadline.ts';
import { UsageError } from '../../core/errors.ts';
import type { SerialConsole } from '../../console/index.ts';
import type { Access, AccessParts, Boot } from '../access.ts';
import { permissionAdvice, withBecome } from './become.ts';
import { clockSetting } from './clock.ts';
import { noShellError } from './errors.ts';
import { runLastCommand } from './last-command.ts';
import { loginOptionsOf } from './login-options.ts';
import type { LoginOptions } from './login-options.ts';
import { provision } from './provision.ts';
import type { ShellOptions } from './shell-options.ts';
import { RemoteShell } from './shell.ts';

/** What reboots a system unless `appliance.rebootCommand` says otherwise. */
const defaultRebootCommand = 'reboot';

/** Logs in on the serial console and runs commands in the POSIX shell there. */
export class SerialShell implements Access {
  /** What Linux prints last. Other systems are known to panic only through QEMU's pvpanic device. */
  readonly deathSigns = [{ pattern: /Kernel panic - not syncing[^\r\n]*/, meaning: 'its kernel panicked' }];
  readonly #name: string;
  readonly #device: string | undefined;
  readonly #appliance: Appliance;
  readonly #console: SerialConsole;
  readonly #timeFactor: number;
  readonly #commandTimeoutMs: number;
  #shell: RemoteShell | undefined;
  /** whether the device takes `login.newPassword` */
  #isPasswordNew = false;

  constructor({ name, appliance, console, timeFactor, device }: AccessParts) {
    this.#name = name;
    this.#device = device;
    this.#appliance = appliance;
    this.#console = console;
    this.#timeFactor = timeFactor;
    this.#commandTimeoutMs = 60_000 * timeFactor;
  }

  get shell(): RemoteShell {
    if (!this.#shell) {
      throw new UsageError(
        `${this.#name}: the test has not logged in. Describe appliance.login in the configuration, or call dut.login()`,
      );
    }
    return this.#shell;
  }

  async ready(boot: Boot, wait: Wait): Promise<void> {
    if (!this.#appliance.login) return;
    const rest = countDown(wait);
    const shell = await this.login(boot, rest());
    await provision(shell, this.#appliance.provision, rest, wait.timeoutMs);
  }

  async login(boot: Boot, wait: Wait, options?: LoginOptions): Promise<RemoteShell> {
    const login = options ?? loginOptionsOf(this.#appliance, boot.ageMs, this.#timeFactor);
    if (!login) {
      throw new UsageError(
        `${this.#name}: how to log in? Describe appliance.login in the configuration, or pass options to dut.login()`,
      );
    }
    this.#console.discard(boot.bootPosition); // a prompt of an earlier boot must not count
    this.#shell = await RemoteShell.login(this.#console, login, wait, this.#shellOptions(boot));
    this.#isPasswordNew = this.#shell.isPasswordNew;
    return this.#shell;
  }

  resume(boot: Boot): void {
    if (!this.#appliance.login) return;
    this.#isPasswordNew = true; // if the device has not asked for it, it takes the other one when it has refused this one
    const options = { ...this.#shellOptions(boot), login: loginOptionsOf(this.#appliance, Infinity) };
    const opening = this.#hasNoShell ? undefined : clockSetting(this.#appliance);
    this.#shell = RemoteShell.attach(this.#console, options, opening);
  }

  async waitForClock(): Promise<void> {
    await this.#shell?.opened();
  }

  forget(): void {
    this.#shell = undefined;
  }

  async reboot(done: (wait: Wait) => Promise<void>, wait: Wait): Promise<void> {
    if (this.#hasNoShell) throw noShellError(this.#name);
    const command = withBecome(this.#appliance, this.#appliance.rebootCommand ?? defaultRebootCommand);
    await runLastCommand(this.shell, { command, done, advice: permissionAdvice('rebootCommand') }, wait);
  }

  async powerOff(done: (wait: Wait) => Promise<void>, wait: Wait): Promise<boolean> {
    const { powerOffCommand } = this.#appliance;
    if (powerOffCommand === undefined || !this.#shell || this.#hasNoShell) return false;
    const command = withBecome(this.#appliance, powerOffCommand);
    await runLastCommand(this.#shell, { command, done, advice: permissionAdvice('powerOffCommand') }, wait);
    return true;
  }

  failureHints(): readonly string[] {
    if (this.#console.position > 0) return [];
    return ['nothing came on the serial port. Alpy logs in there: is it a console of the image (Linux: console=ttyS0)?'];
  }

  get #hasNoShell(): boolean {
    return this.#appliance.login?.shell === 'none';
  }

  #shellOptions({ signal }: Boot): ShellOptions {
    const { login, kernelMessages } = this.#appliance;
    const [timeoutMs, isPasswordNew] = [this.#commandTimeoutMs, this.#isPasswordNew];
    return {
      signal,
      timeoutMs,
      startCommand: login?.shellCommand,
      kind: login?.shell,
      kernelMessages,
      isPasswordNew,
      device: this.#device,
    };
  }
}
