// SPDX-License-Identifier: GPL-3.0-or-later
import { constants } from 'node:os';
import { detailLines } from '../core/error-details.ts';
import { AlpyError, messageOf, partsOf, statusByFault, StoppedError } from '../core/errors.ts';
import { makeRedactor, secretsOf } from '../core/redact.ts';
import { withSink, type StepSink } from '../core/step.ts';
import { visibleLines } from '../report/text.ts';
import { parse } from './command-line.ts';
import type { CliIo } from './io.ts';

/** A second signal within this time is ignored, in `ms`: the terminal sends Ctrl-C to npx and to alpy, and npx forwards it to alpy. */
const echoMs = 500;

/** The first of these stops the command cleanly, the second one ends it immediately. */
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The CLI.
 * @param args - without the names of Node and the script
 * @param unread - fires when the reader of standard output is gone; the command then ends with status 141, as with SIGPIPE
 * @returns the exit status: 0 passed, 1 a test failed, 2 usage or configuration, 3 environment, 4 a bug of ours, 128 + n
 *   stopped by signal n
 */
export async function main(args: readonly string[], unread?: AbortSignal): Promise<number> {
  const stop = new AbortController();
  let [status, signalStatus, signalMs] = [0, 0, 0];
  const onSignal = (name: NodeJS.Signals): void => {
    const statusOfSignal = 128 + constants.signals[name];
    if (signalStatus !== 0) {
      if (performance.now() - signalMs < echoMs) return;
      process.exit(statusOfSignal);
    }
    signalStatus = statusOfSignal;
    signalMs = performance.now();
    process.stderr.write(`alpy: got ${name}, cleaning up; repeat to stop immediately\n`);
    stop.abort(new StoppedError(`stopped by ${name}`, statusOfSignal));
  };
  for (const name of stopSignals) process.on(name, onSignal);
  unread?.addEventListener('abort', () => {
    if (signalStatus !== 0) return;
    signalStatus = 128 + constants.signals.SIGPIPE;
    stop.abort(new StoppedError('the reader of the output is gone', signalStatus));
  });
  const io: CliIo = {
    env: process.env,
    directory: process.cwd(),
    signal: stop.signal,
    stdout: (line) => process.stdout.write(`${visibleLines(line)}\n`),
    stderr: (line) => process.stderr.write(`${visibleLines(line)}\n`),
    exitWith: (value) => {
      status = value;
    },
  };
  try {
    await withSink(unpackingTo(io), () => parse(args, io));
  } catch (error) {
    if (signalStatus === 0) {
      const errors = partsOf(error); // an error during clean-up must not hide the first one
      io.stderr(makeRedactor(secretsOf(process.env))(errors.map(describe).join('\n')));
      status = errors[0] instanceof AlpyError ? statusByFault[errors[0].fault] : statusByFault.bug;
    }
  } finally {
    for (const name of stopSignals) process.off(name, onSignal);
  }
  return signalStatus === 0 ? status : signalStatus;
}

/** Shows how far a disk image is unpacked, which may take minutes and happens before anything else is shown. */
function unpackingTo(io: CliIo): StepSink {
  return (event) => {
    if (event.kind === 'log' && event.source === 'alpy.unpack') io.stderr(event.text);
  };
}

/** The message for the user, with the stack only if the error is a bug of alpy. */
function describe(error: unknown): string {
  if (error instanceof AlpyError && error.fault !== 'bug')
    return [`alpy: ${error.message} (${error.code})`, ...detailLines(error.details ?? [])].join('\n');
  return `alpy: this is a bug in alpy. Please report it:\n${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`;
}
