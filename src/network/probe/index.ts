// SPDX-License-Identifier: GPL-3.0-or-later
export { ProbeError } from './errors.ts';
export { Flow } from './flow.ts';
export type { FlowGap, ProbeReport } from './probe-report.ts';
export { probeCheck, startProbe, type ProbeOptions } from './probe.ts';
export type { Recovery } from './recovery.ts';
