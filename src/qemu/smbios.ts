// SPDX-License-Identifier: GPL-3.0-or-later
import { escapeCommas } from '../core/qemu-arguments.ts';

type Texts = Readonly<Record<string, string | undefined>>;

/** What the SMBIOS tables of a machine say, by QEMU's names; what is absent has QEMU's default. */
export interface Smbios {
  readonly manufacturer?: string | undefined;
  readonly product?: string | undefined;
  readonly version?: string | undefined;
  readonly serial?: string | undefined;
  readonly uuid?: string | undefined;
  readonly sku?: string | undefined;
  readonly family?: string | undefined;
  readonly bios?: Texts | undefined;
  readonly board?: Texts | undefined;
  readonly chassis?: Texts | undefined;
  readonly oemStrings?: readonly string[] | undefined;
}

/** Arguments of QEMU for SMBIOS tables. Pure. */
export function smbiosArguments(smbios: Smbios | undefined): readonly string[] {
  if (!smbios) return [];
  const { bios = {}, board = {}, chassis = {}, oemStrings = [], ...system } = smbios;
  const tables: readonly (readonly [type: number, texts: Texts])[] = [
    [0, bios],
    [1, { ...system }],
    [2, board],
    [3, chassis],
  ];
  return [
    ...tables.flatMap(([type, texts]) => table(type, Object.entries(texts))),
    ...table(
      11,
      oemStrings.map((value) => ['value', value] as const),
    ),
  ];
}

function table(type: number, texts: readonly (readonly [key: string, value: string | undefined])[]): readonly string[] {
  const fields = texts.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${escapeCommas(value)}`]));
  return fields.length === 0 ? [] : ['-smbios', [`type=${type}`, ...fields].join(',')];
}
