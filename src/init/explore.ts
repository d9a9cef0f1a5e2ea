// SPDX-License-Identifier: GPL-3.0-or-later
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { resolveConfig, type Appliance } from '../config/index.ts';
import type { Engine } from '../docker/index.ts';
import { imageNamed } from '../images/resolved-image.ts';
import { readDiskStart } from '../qemu/index.ts';
import { TestbedFactory, type CreatedTestbed, type HostFacts } from '../testbed/index.ts';
import { resolveTopology } from '../topology/index.ts';
import { nicProbeArguments } from './examine.ts';
import { isFirmwareFile } from './firmware-file.ts';
import { logInto, type LoginQuestion, type Session } from './log-into.ts';
import { readPartitionTable, tableBytes, type PartitionTable } from './partition-table.ts';
import { firstHardware, nextHardware, type Hardware, type Try } from './plan.ts';
import { watchBoot } from './trial.ts';
import type { Outcome } from './watch.ts';

/** The appliance to explore. */
export interface ExploreQuestion extends Omit<LoginQuestion, 'startMs'> {
  /** absolute path of the disk image, or of a firmware file; absent for none */
  readonly image?: string | undefined;
  /** absolute path of the firmware that boots it; default: a BIOS or UEFI */
  readonly firmware?: string | undefined;
  /** how much memory to begin with, in MiB; default 512 */
  readonly memoryMiB?: number | undefined;
  /** absolute path of a folder for the consoles of all tries */
  readonly directory: string;
}

/** What was found out about an appliance. */
export interface Findings {
  /** absolute path of the disk image; absent for an appliance without one */
  readonly image?: string | undefined;
  readonly hardware: Hardware;
  readonly outcome: Outcome;
  /** how long the boot to the prompt took, in `ms`, as on a usual machine with KVM */
  readonly bootMs: number;
  /** absent without a log-in */
  readonly session?: Session | undefined;
}

/** Longest silence, as a part of the longest boot. */
const silencePart = 1 / 4;

/**
 * Finds out how an appliance boots: tries hardware until its console shows a prompt, logs in, and examines it.
 * @throws DiskImageError if the image cannot be used
 * @throws LoginError if the log-in is refused
 * @throws HypervisorError, ContainerError
 */
export async function explore(engine: Engine, facts: HostFacts, asked: ExploreQuestion): Promise<Findings> {
  const factory = new TestbedFactory(engine, facts);
  const question = await recogniseFirmware(asked);
  const { image, report } = question;
  const tries: Try[] = [];
  for (let hardware: Hardware | undefined = await startHardware(engine, facts, factory, question); ;) {
    report(`try ${tries.length + 1}: ${hardwareText(hardware)}`);
    const found = await tryHardware(factory, facts, { ...question, hardware, number: tries.length + 1 });
    const { outcome } = found;
    if (outcome.kind === 'prompt') return { image, hardware, ...found };
    tries.push({ hardware, trouble: outcome.kind === 'silent' ? 'silent' : outcome.sign.trouble });
    const next = nextHardware(tries);
    if (!next) return { image, hardware, ...found };
    hardware = next;
  }
}

/** Somebody may give a firmware file as the image. */
async function recogniseFirmware(question: ExploreQuestion): Promise<ExploreQuestion> {
  const { image, firmware, report } = question;
  if (image === undefined || firmware !== undefined || !(await isFirmwareFile(image).catch(() => false))) return question;
  report('this is firmware and not a disk image: it is tried without a disk');
  return { ...question, image: undefined, firmware: image };
}

async function startHardware(
  engine: Engine,
  facts: HostFacts,
  factory: TestbedFactory,
  { image, firmware, memoryMiB, report, signal }: ExploreQuestion,
): Promise<Hardware> {
  const own = firmware === undefined ? {} : { firmware: { file: firmware } };
  if (image === undefined) return { ...firstHardware(noTable, false, memoryMiB), ...own };
  const { drives } = await factory.inspectDisk({ image, format: 'auto' }, signal);
  const [{ image: disk, spec } = {}] = drives;
  if (!disk || !spec) throw new Error('an appliance with an image has a drive');
  const place = { engine, image: imageNamed(facts.images, 'qemu').reference, access: facts.access };
  const table = readPartitionTable(await readDiskStart(disk, tableBytes, place, signal));
  report(`${disk.format}, ${Math.round(disk.virtualBytes / 1024 ** 2)} MiB; ${tableText(table)}`);
  return { ...firstHardware(table, spec.kind === 'disk', memoryMiB), ...own };
}

const noTable: PartitionTable = { kind: 'none', hasEfi: false, hasBootCode: false };

interface Trial extends ExploreQuestion {
  readonly hardware: Hardware;
  readonly number: number;
}

type Found = Pick<Findings, 'outcome' | 'bootMs' | 'session'>;

async function tryHardware(factory: TestbedFactory, { timeFactor }: HostFacts, trial: Trial): Promise<Found> {
  const { number, bootTimeoutMs, report, signal } = trial;
  const directory = join(trial.directory, `try${number}`);
  await rm(directory, { recursive: true, force: true });
  const appliance = applianceOf(trial);
  const disk = await factory.inspectDisk(appliance, signal);
  await using testbed: CreatedTestbed = await factory.create(
    { devices: [{ appliance, disk }], topology: resolveTopology({ links: 0 }), directory },
    signal,
  );
  const startMs = performance.now();
  const bootMs = bootTimeoutMs * timeFactor;
  const onProgress = (text: string): void => {
    report(`  ${text}`);
  };
  const outcome = await watchBoot(testbed, { bootMs, silenceMs: bootMs * silencePart, onProgress, signal });
  const tookMs = (performance.now() - startMs) / timeFactor;
  onProgress(outcomeText(outcome)); // before the questions about the log-in
  const session = await sessionAt(testbed, outcome, { ...trial, startMs });
  return { outcome, bootMs: tookMs, session };
}

/** Firmware alone has no POSIX shell, and commands for one could start something there. */
async function sessionAt(
  { dut }: CreatedTestbed,
  outcome: Outcome,
  trial: Trial & { readonly startMs: number },
): Promise<Session | undefined> {
  if (outcome.kind !== 'prompt') return undefined;
  if (trial.image === undefined && outcome.prompt === 'shell') return { user: 'root', otherShell: 'firmware' };
  return logInto(dut, outcome, trial);
}

/** The appliance with which hardware is tried: without links, but if it has a disk, with a NIC of each model. */
function applianceOf({ image, hardware, directory }: Trial): Appliance {
  const { disk, ...others } = hardware;
  // firmware alone would try to boot from each of the NICs
  const rest = image === undefined ? {} : { image, qemuArgs: nicProbeArguments, ...(disk === undefined ? {} : { disk }) };
  const raw = { appliance: { name: 'appliance', ...others, ...rest } };
  return resolveConfig({ file: join(directory, 'alpy.yaml'), raw, directory }).config.devices[0].appliance;
}

function tableText({ kind, hasEfi, hasBootCode }: PartitionTable): string {
  const name = { gpt: 'GPT', mbr: 'MBR', none: 'no partition table' }[kind];
  const boots = [...(hasBootCode ? ['a BIOS boot sector'] : []), ...(hasEfi ? ['an EFI system partition'] : [])];
  return `${name}, ${boots.length > 0 ? `with ${boots.join(' and ')}` : 'without anything that boots'}`;
}

/** Hardware for people. */
export function hardwareText({ machine, firmware, disk, memoryMiB }: Hardware): string {
  const name = typeof firmware === 'object' ? basename(firmware.file) : firmware === 'bios' ? 'BIOS' : 'UEFI';
  return `${name}, ${disk === undefined ? 'no disk' : `${disk} disk`}, ${memoryMiB} MiB of memory, machine ${machine}`;
}

function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'prompt':
      return `the console stands at ${JSON.stringify(outcome.line.trim())}`;
    case 'trouble':
      return `it does not boot: ${outcome.sign.line}`;
    case 'silent':
      return `nothing more came on the console${outcome.screen.length > 0 ? `; the screen shows: ${outcome.screen.slice(-3).join(' | ')}` : ''}`;
  }
}
