// SPDX-License-Identifier: GPL-3.0-or-later

/** Options of `alpy init`. The others need `image` or `firmware`. */
export interface InitArguments {
  readonly image?: string | undefined;
  readonly firmware?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly memory?: number | undefined;
  readonly bootTimeout?: number | undefined;
}
