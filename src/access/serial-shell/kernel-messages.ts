// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * A message that the kernel prints on its console: a line that starts with the seconds since boot, to the microsecond. It may
 * begin in the middle of a line of other output. Messages that a log or journal quotes, after `kernel: `, do not count.
 */
const message = /(?<!kernel: )\[ {0,4}\d+\.\d{6}\](?:\[ *[TC]\d+\])? [^\n]*(?:\n|$)/g;

/** The output of a command, and what the kernel printed meanwhile. */
export interface SeparatedOutput {
  /** the output without the kernel's messages; lines that they interrupted are joined again */
  readonly output: string;
  /** the kernel's messages, one by one, without line ends */
  readonly kernelMessages: readonly string[];
}

/**
 * Separates the kernel's messages on a console from the output of a command. They must have time stamps (`printk.time=1`, the
 * default of nearly every distribution). Output that looks the same, such as that of `dmesg`, counts as the kernel's.
 * @param output - with `\n` as line ends
 */
export function separateKernelMessages(output: string): SeparatedOutput {
  const kernelMessages: string[] = [];
  const rest = output.replace(message, (found) => {
    kernelMessages.push(found.replace(/\n$/, ''));
    return '';
  });
  return { output: rest, kernelMessages };
}
