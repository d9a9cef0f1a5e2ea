// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * What the kernel prints on its console: a line with seconds and microseconds since the boot in front, which may begin in the
 * middle of a line of other output. Those that a log or journal quotes, behind `kernel: `, are not the console's.
 */
const message = /(?<!kernel: )\[ {0,4}\d+\.\d{6}\](?:\[ *[TC]\d+\])? [^\n]*(?:\n|$)/g;

/** Output of a command, and what the kernel printed meanwhile. */
export interface SeparatedOutput {
  /** the output without the kernel's messages; lines that they cut are whole again */
  readonly output: string;
  /** the kernel's messages, one by one, without line ends */
  readonly kernelMessages: readonly string[];
}

/**
 * Tells the kernel's messages on a console from the output of a command. They must have time stamps (`printk.time=1`, the
 * default of nearly every distribution). Output in the same form, such as that of `dmesg`, is taken for the kernel's.
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
