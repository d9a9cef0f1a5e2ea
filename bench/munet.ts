// SPDX-License-Identifier: GPL-3.0-or-later
import { resolve } from 'node:path';
import { execa } from 'execa';
import type { Figures } from './figure.ts';

const setup = resolve(import.meta.dirname, 'munet/setup');
const driver = resolve(import.meta.dirname, 'munet/drive.py');

/** Exit status of `setup` if there can be no comparison here (EX_TEMPFAIL of sysexits.h). */
const unavailable = 75;

/** The installed munet. */
export interface Munet {
  /** path of its Python */
  readonly python: string;
}

/**
 * Installs munet outside of the repository unless it is installed.
 * @returns the reason if it cannot be installed or cannot run here
 * @throws Error if its set-up fails for another reason
 */
export async function setUpMunet(): Promise<Munet | string> {
  const { exitCode, stdout, stderr } = await execa(setup, { reject: false });
  if (exitCode === 0) return { python: stdout.trim() };
  if (exitCode === unavailable) return stderr.trim();
  throw new Error(`bench/munet/setup ended with ${String(exitCode)}: ${stderr}`);
}

/**
 * Programs before the driver: munet opens the namespaces of process 1, which it may not do in every container. So it gets a PID namespace of
 * its own, in which a shell is process 1. All of it ends with that.
 */
const isolated = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', 'sh', '-c', '"$@"; exit $?', 'sh'] as const;

/** How often to try: munet looks for the child of a program that it has just started, and fails if that has not been created yet. */
const attempts = 5;

/** Measures a topology of munet once. @throws Error if it fails each time */
export async function munetTopology(figures: Figures, { python }: Munet, links: number): Promise<void> {
  const [program, ...args] = isolated;
  for (let attempt = 1; ; attempt += 1) {
    const { failed, stdout } = await execa(program, [...args, python, driver, '--links', String(links)], {
      reject: attempt === attempts, // the error has the end of its log
      stdin: 'ignore', // a bash whose input is a socket reads ~/.bashrc, which can take seconds for each of munet's commands
    });
    if (failed) continue;
    const { upMs, downMs } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
      readonly upMs: number;
      readonly downMs: number;
    };
    figures.add(`munet: topology of ${links} links, up`, 'ms', upMs);
    figures.add(`munet: topology of ${links} links, down`, 'ms', downMs);
    return;
  }
}
