// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** In the folder of a job's session: the first lines of what the job's log has already. */
const file = 'said.json';

/** How much of a script's output is looked through for a message, in `bytes`. */
const keptBytes = 64 * 1024;

/** The end of what a script has printed, as it may hold a message that would otherwise be repeated. */
export class ScriptOutputTail {
  #kept: Buffer = Buffer.alloc(0);

  take(data: Buffer): void {
    this.#kept = Buffer.concat([this.#kept, data]).subarray(-keptBytes);
  }

  has(message: string): boolean {
    return this.#kept.includes(firstLine(message));
  }
}

/**
 * Says something about a testbed once: several stages find the same guest gone.
 * @param session - folder of the job's session
 * @param isInLog - whether the log has the message for another reason, such as that the script printed it
 * @returns whether no earlier stage has found it
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

/** Whether a message has not been in the log yet; it counts as said from now on. */
export async function recordIfNew(session: string, message: string): Promise<boolean> {
  const path = join(session, file);
  const said = JSON.parse(await readFile(path, 'utf8').catch(() => '[]')) as readonly string[]; // absent at first
  const line = firstLine(message);
  if (said.some((one) => one.includes(line))) return false;
  await writeFile(path, JSON.stringify([...said, line]), { mode: 0o600 });
  return true;
}

/** Without the error's code: an error of several lines has it at the end of the last one. */
function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/^alpy: /, '').replace(/ \(ALPY_[A-Z_]+\)$/, '');
}
