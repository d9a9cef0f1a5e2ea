// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../../core/deadline.ts';
import type { ExitStatus } from '../../core/exit-status.ts';
import { defaultStatus, type ReadyCondition } from './condition-text.ts';

/** What one look at a condition has shown: `true` if it holds, or else what was seen in its place. */
export type Sight = true | string;

/** Looks once whether a condition holds. */
export type Probe = (wait: Wait) => Promise<Sight>;

/** A node, as far as a look needs it. Not picked from `Node`, whose declaration for users lacks what is internal. */
export interface ProbingNode {
  readonly name: string;
  readonly interfaceName: string;
  probe(
    command: readonly string[],
    wait: Wait,
  ): Promise<{ readonly exitStatus: ExitStatus; readonly stdout: string; readonly stderr: string }>;
}

/** An interface of a node. */
export interface ProbedInterface {
  readonly node: ProbingNode;
  readonly name: string;
}

/** How long one look may take, in `s`. */
const lookSeconds = '20';

/** Status of `timeout` when the time was over. */
const lateStatus = 124;

/** Debian's bash opens TCP connections by itself, so the node's image needs no other program. */
const connectScript = 'exec 3<>"/dev/tcp/$1/$2"';
const requestScript = `${connectScript} && printf 'GET %s HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n' "$3" "$4" >&3 && IFS= read -r line <&3 && printf %s "$line"`;

/** Looks whether a TCP port accepts connections. */
export function tcpProbe(node: ProbingNode, { address, port }: NonNullable<ReadyCondition['tcp']>): Probe {
  return async (wait) => {
    const { exitStatus, stderr } = await node.probe(bash(connectScript, [address, String(port)]), wait);
    return exitStatus.code === 0 ? true : reasonOf(exitStatus.code, stderr);
  };
}

/** Looks whether an HTTP server answers with a status. */
export function httpProbe(
  node: ProbingNode,
  { url, status: expected = defaultStatus }: NonNullable<ReadyCondition['http']>,
): Probe {
  const { hostname, port, pathname, search, host } = new URL(url);
  const args = [hostname.replace(/^\[|\]$/g, ''), port === '' ? '80' : port, pathname + search, host];
  return async (wait) => {
    const { exitStatus, stdout, stderr } = await node.probe(bash(requestScript, args), wait);
    if (exitStatus.code !== 0) return reasonOf(exitStatus.code, stderr);
    const answer = /^HTTP\/[\d.]+ (\d{3})/.exec(stdout)?.[1];
    if (answer === undefined) return 'an answer that is not HTTP';
    return Number(answer) === expected ? true : `status ${answer}`;
  };
}

/** Looks whether an address answers a ping. */
export function pingProbe(node: ProbingNode, { address }: NonNullable<ReadyCondition['ping']>): Probe {
  return async (wait) => {
    const { exitStatus, stdout, stderr } = await node.probe(['ping', '-n', '-c', '1', '-W', '3', '--', address], wait);
    if (exitStatus.code === 0) return true;
    const refusal = /^From \S+ icmp_seq=\d+ (.*)$/m.exec(stdout)?.[1];
    if (refusal !== undefined) return `"${refusal}"`;
    return exitStatus.code === 1 ? 'no answer' : reasonOf(exitStatus.code, stderr);
  };
}

/** Looks whether interfaces of nodes have a carrier. */
export function carrierProbe(interfaces: readonly ProbedInterface[]): Probe {
  return async (wait) => {
    for (const { node, name } of interfaces) {
      const { stdout } = await node.probe(['cat', `/sys/class/net/${name}/carrier`], wait);
      if (stdout.trim() !== '1') return interfaces.length === 1 ? 'none' : `none on ${name} of ${node.name}`;
    }
    return true;
  };
}

function bash(script: string, args: readonly string[]): readonly string[] {
  return ['timeout', lookSeconds, 'bash', '-c', script, 'alpy', ...args];
}

/** Why a look failed: `alpy: connect: Connection refused` is "Connection refused". */
function reasonOf(status: number, stderr: string): string {
  if (status === lateStatus) return 'no answer';
  const reason = stderr.trim().split('\n')[0]?.split(': ').at(-1) ?? '';
  return reason === '' ? `exit status ${status}` : `"${reason}"`;
}
