// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whenAborted } from '../../core/deadline.ts';
import { AlpyError } from '../../core/errors.ts';
import { connectTimeoutMs, Engine } from '../../docker/index.ts';
import { inspectHost, TestbedFactory, type HostQuestions, type Link, type LinkEnd } from '../../testbed/index.ts';
import type { Finding } from '../finding.ts';
import { framesInPcap } from './encoding.ts';
import { isFrom } from './frames.ts';
import { hasFailed, judge, type Path, type PathReport, type ReportedEnd } from './report.ts';
import { sendAll, type Sending } from './send-all.ts';
import { openTestbed, type Models } from './testbed.ts';

/** What to check with. */
export interface LinkCheck extends Pick<HostQuestions, 'images' | 'accel' | 'accelCacheFile'> {
  /** models of the NICs of the two devices that the links join */
  readonly models: Models;
  /** label of the containers that belong to a job */
  readonly jobId?: string | undefined;
  /** takes a line for the user about the progress */
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What became of the frames on all links. */
export interface LinkReport {
  readonly paths: readonly PathReport[];
  /** the ends of links to which frames came back that they had sent; empty if all is well */
  readonly echoes: readonly string[];
}

/**
 * Sends frames of all kinds through each kind of link, and compares what arrives and what is captured. Needs no appliance.
 * @throws AlpyError if the links cannot be made; the signal's reason
 */
export async function checkLinks(check: LinkCheck): Promise<LinkReport> {
  const { images, accel, accelCacheFile, models, jobId, print, signal } = check;
  using engine = await Engine.connect({ jobId, onWait: print }, { timeoutMs: connectTimeoutMs, signal });
  whenAborted(signal, () => {
    engine.hurry();
  });
  const directory = await mkdtemp(join(tmpdir(), 'alpy-links-'));
  try {
    print('links: creating one of each kind');
    const facts = await inspectHost(engine, { images, accel, directory, accelCacheFile }, signal);
    await using testbed = await openTestbed(new TestbedFactory(engine, facts), models, directory, signal);
    await Promise.all(testbed.duts.map((dut) => dut.start()));
    const onSending = (link: Link, from: LinkEnd): void => {
      print(`links: sending through ${kindText(link)} from ${from.name}`);
    };
    const sendings = await sendAll(testbed, onSending, signal);
    await testbed.close(); // then the captures are complete
    print('links: comparing');
    const captured = new Map(
      await Promise.all(testbed.links.map(async (link) => [link, framesInPcap(await readFile(link.capture.path))] as const)),
    );
    return {
      paths: sendings.flatMap((sending) => judgeSending(sending, captured.get(sending.link) ?? [])),
      echoes: sendings.filter(({ returned }) => returned > 0).map(({ link, from }) => `${from.name} of ${kindText(link)}`),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What `alpy doctor` says about the links. Pure. */
export function judgeLinks({ paths, echoes }: LinkReport): Finding {
  const all = paths.flatMap(({ frames }) => frames);
  const count = (result: string): number => all.filter((frame) => frame.result === result).length;
  const passed = `${count('ok')} of ${all.length} frames arrived, and were captured, as they were sent`;
  if (!hasFailed(paths) && echoes.length === 0) {
    const known = count('known') > 0 ? `; ${count('known')} could not, for a known reason` : '';
    return { name: 'links', result: 'ok', text: `${passed}${known}` };
  }
  const returned = echoes.length > 0 ? `; frames came back to ${echoes.join(', ')}` : '';
  return {
    name: 'links',
    result: 'failure',
    text: `${passed}${returned}`,
    remedy:
      'do not trust tests that need the frames that failed; report a bug of alpy with the output of alpy doctor --links --json',
  };
}

/** Reports that the links could not be checked. @throws `error` if it is not an AlpyError */
export function linksFailed(error: unknown): Finding {
  if (!(error instanceof AlpyError)) throw error;
  return { name: 'links', result: 'failure', text: `they could not be checked: ${error.message}` };
}

/** @param recorded - all frames in the capture of its link */
function judgeSending(
  { link, from, sent, source, refused, others }: Sending,
  recorded: readonly Buffer[],
): readonly PathReport[] {
  const captured = recorded.filter((frame) => isFrom(source, frame));
  const recorder = reportedEnd(link.ends.find(({ kind }) => kind === 'nic') ?? from);
  return others.map(({ to, received }) => judge({ path: pathOf(link, from, to), sent, refused, received, captured, recorder }));
}

function pathOf(link: Link, from: LinkEnd, to: LinkEnd): Path {
  const kind = kindOf(link);
  const text = ({ name, kind: end }: LinkEnd): string => (kind === 'cable' ? name : end === 'nic' ? 'NIC' : 'node');
  const direction = `${text(from)} to ${text(to)}`;
  const isBetweenNodes = link.ends.every((end) => end.kind === 'interface');
  return { link: kind, from: reportedEnd(from), to: reportedEnd(to), direction, ...(isBetweenNodes ? { isBetweenNodes } : {}) };
}

function kindOf({ ends }: Link): Path['link'] {
  if (ends.length > 2) return 'segment';
  return ends.every(({ kind }) => kind === 'nic') ? 'cable' : 'link';
}

function kindText(link: Link): string {
  return `the ${kindOf(link)} ${link.name}`;
}

function reportedEnd(end: LinkEnd): ReportedEnd {
  return end.kind === 'nic' ? { name: end.name, model: end.model } : { name: end.name };
}
