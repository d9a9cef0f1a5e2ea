// SPDX-License-Identifier: GPL-3.0-or-later

/** How often a device asks for the new password: once more to confirm it. */
const timesAsked = 2;

/**
 * The passwords of a log-in: the one of the image, and the one that replaces it when the device asks for a new password. If the
 * device refuses one of them, the other is tried.
 */
export class Passwords {
  readonly #old: string | undefined;
  readonly #new: string | undefined;
  /** whether to begin with the new one */
  readonly #isNewFirst: boolean;
  #timesAsked = 0;
  /** whether the new one was typed last, or would be */
  #isNewTyped: boolean;

  constructor(password: string | undefined, newPassword: string | undefined, isNewFirst: boolean) {
    this.#old = password;
    this.#new = newPassword;
    this.#isNewFirst = isNewFirst && newPassword !== undefined;
    this.#isNewTyped = this.#isNewFirst;
  }

  /** how many there are to try */
  get count(): number {
    return this.#new === undefined ? 1 : 2;
  }

  /** whether the device takes the new one: it was asked for, or the log-in succeeded with it */
  get isNewInForce(): boolean {
    return this.#timesAsked > 0 || this.#isNewTyped;
  }

  /** The password to type. @param refusals - how often the device has refused the log-in */
  current(refusals: number): string | undefined {
    const isSecond = refusals % 2 === 1;
    this.#isNewTyped = this.#new !== undefined && (this.#timesAsked > 0 || this.#isNewFirst !== isSecond);
    return this.typed;
  }

  /** The password that was typed at this log-in, for a device that asks for it again before it takes a new one. */
  get typed(): string | undefined {
    return this.#isNewTyped ? this.#new : (this.#old ?? this.#new);
  }

  /** The new password; undefined if the device has asked for it too often, because it does not accept it. */
  answer(): string | undefined {
    this.#timesAsked += 1;
    return this.#timesAsked > timesAsked ? undefined : this.#new;
  }
}
