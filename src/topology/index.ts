// SPDX-License-Identifier: GPL-3.0-or-later
export { topologyAround } from './around.ts';
export { dhcpProblems, dhcpRanges, type DhcpRange, type ServiceProblem } from './dhcp-ranges.ts';
export type {
  AddressConfig,
  BondConfig,
  DeclaredServices,
  DhcpOptions,
  DnsOptions,
  HttpOptions,
  InterfaceConfig,
  NodeChanges,
  NodeConfig,
  NtpOptions,
  RadiusOptions,
  ResolverConfig,
  ServedFiles,
  SyslogOptions,
  TftpOptions,
  VlanConfig,
} from './node-config.ts';
export { interfaceConflicts } from './interface-problems.ts';
export { defaultDestination, ipText, ipValue, withoutPrefix } from './ip.ts';
export { buildTopology } from './build.ts';
export { describeTopology, endName, type DescribedLink, type DescribedTopology } from './describe.ts';
export { macProblems } from './mac-problems.ts';
export { checkLong, isSafeName, safeNameText } from './mistakes.ts';
export { nicProblems } from './nic-problems.ts';
export { endsAt, nicNumbers, shortPlan, type Plan, type TopologyPath, type TopologyProblem } from './plan.ts';
export { hasNodeLinks } from './node-links.ts';
export { doubleVlans } from './interface-problems.ts';
export { changeProblems, nodeProblems } from './node-problems.ts';
export { servedPaths, withNodePaths } from './node-paths.ts';
export { bridgeSlot, maxLinks } from './pci-places.ts';
export type { DeviceNics, LongTopology, NicsOfAppliance, RawDut, RawLink, RawTopology, ShortTopology } from './raw-topology.ts';
export { isLong, nodeNames, resolveTopology } from './resolve.ts';
export type {
  CaptureSpec,
  DutSpec,
  EndSpec,
  InterfaceSpec,
  LinkSpec,
  NicSpec,
  NodeSpec,
  SegmentSpec,
  Topology,
} from './topology.ts';
export { isUplink, type UplinkRouter } from './uplink.ts';
export { uplinkNeighbourProblems } from './uplink-neighbours.ts';
export { recorderOf, wiresOf, type InterfaceEnd, type NicEnd, type UplinkSpec, type Wire, type WireEnd } from './wires.ts';
