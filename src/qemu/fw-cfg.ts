// SPDX-License-Identifier: GPL-3.0-or-later
import { escapeCommas } from '../core/qemu-arguments.ts';
import type { FilePlaces } from './appliance-files.ts';

/** Files that the guest finds in fw_cfg, by name: paths on this machine, or texts. */
export type FwCfgFiles = Readonly<Record<string, string | { readonly text: string }>>;

/** Arguments of QEMU for files in fw_cfg. Pure. */
export function fwCfgArguments(files: FwCfgFiles | undefined, placeOf: FilePlaces): readonly string[] {
  return Object.entries(files ?? {}).flatMap(([name, content]) => {
    const source =
      typeof content === 'string' ? `file=${escapeCommas(placeOf(content))}` : `string=${escapeCommas(content.text)}`;
    return ['-fw_cfg', `name=${name},${source}`];
  });
}
