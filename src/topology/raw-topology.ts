// SPDX-License-Identifier: GPL-3.0-or-later
import type { NodeConfig } from './node-config.ts';

/** What a configuration says about a topology: its short or its long form. */
export type RawTopology = ShortTopology | LongTopology;

/** One DUT whose NICs each have a node: `node0`, `node1`, … */
export interface ShortTopology {
  /** number of links, 0 to {@link maxLinks} */
  readonly links: number;
  /** what nodes have before the virtual CPU runs, by their names */
  readonly nodes?: Readonly<Record<string, NodeConfig>> | undefined;
  readonly duts?: undefined;
}

/** Devices, nodes, links and segments by name. */
export interface LongTopology {
  readonly duts: Readonly<Record<string, RawDut>>;
  /** what each node has before the virtual CPU runs; `{}` for nothing */
  readonly nodes?: Readonly<Record<string, NodeConfig>> | undefined;
  readonly links?: readonly RawLink[] | undefined;
  /** the ends on each hub */
  readonly segments?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** The name of a device's appliance, alone or with what differs from the appliance. */
export type RawDut = string | { readonly appliance: string };

/** An end is a NIC, `device:number`, or the name of a node. */
export type RawLink =
  | readonly [string, string]
  | {
      readonly ends: readonly [string, string];
      /** default: both ends, such as `client--left:0` */
      readonly name?: string | undefined;
      /** MAC addresses of the ends; `null` for the default */
      readonly mac?: readonly [string | null, string | null] | undefined;
    };

/** What a configuration says about the NICs of an appliance. */
export interface NicsOfAppliance {
  readonly nic?: string | undefined;
  /** what differs for single NICs, in the order of the links */
  readonly nics?:
    | readonly { readonly model?: string | undefined; readonly mac?: string | undefined; readonly rom?: string | undefined }[]
    | undefined;
  readonly machine?: string | undefined;
  readonly boot?: string | undefined;
  readonly kernel?: string | undefined;
}

/** A device and its appliance. */
export interface DeviceNics {
  readonly name: string;
  readonly appliance: NicsOfAppliance;
}
