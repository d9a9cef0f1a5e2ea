// SPDX-License-Identifier: GPL-3.0-or-later
import { access } from 'node:fs/promises';

/**
 * Whether this process may use a file or folder.
 * @param mode - of `constants` of `node:fs`: `F_OK`, `R_OK`, `W_OK`, `X_OK`
 */
export async function hasAccess(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
