// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** In the folder of a job's session: the first lines of all messages that are in the job's log. */
const loggedFile = 'said.json';

/** How much of a script's output is searched for a message, in bytes. */
const tailBytes = 64 * 1024;

/** The end of what a script printed. It may contain a message that must not be logged again. */
export class ScriptOutputTail {
  #tail: Buffer = Buffer.alloc(0);

  append(data: Buffer): void {
    this.#tail = Buffer.concat([this.#tail, data]).subarray(-tailBytes);
  }

  includes(message: string): boolean {
    return this.#tail.includes(firstLine(message));
  }
}

/**
 * Logs a message about the testbed unless an earlier stage did: several stages may notice that the same guest is gone.
 * @param session - folder of the job's session
 * @param isInLog - whether the message is in the log anyway, for example because the script printed it
 * @returns whether this stage is the first with this message
 */
export async function logOnce(
  session: string,
  message: string,
  log: (line: string) => void,
  isInLog: (message: string) => boolean = () => false,
): Promise<boolean> {
  if (message === '' || !(await recordIfNew(session, message))) return false;
  if (!isInLog(message)) log(message);
  return true;
}

/** Records a message as logged. @returns whether it is new */
export async function recordIfNew(session: string, message: string): Promise<boolean> {
  const path = join(session, loggedFile);
  const logged = await readLogged(path);
  const line = firstLine(message);
  if (logged.some((one) => one.includes(line))) return false;
  await writeFile(path, JSON.stringify([...logged, line]), { mode: 0o600 });
  return true;
}

/** Returns nothing if the file is missing, as at first, or damaged. */
async function readLogged(path: string): Promise<readonly string[]> {
  try {
    const lines: unknown = JSON.parse(await readFile(path, 'utf8'));
    return Array.isArray(lines) ? lines.filter((line) => typeof line === 'string') : [];
  } catch {
    return [];
  }
}

/** Drops the error's code as well: in errors of several lines it is at the end of the last line. */
function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/^alpy: /, '').replace(/ \(ALPY_[A-Z_]+\)$/, '');
}
