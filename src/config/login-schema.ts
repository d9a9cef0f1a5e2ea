// SPDX-License-Identifier: GPL-3.0-or-later
import { z } from 'zod';
import { pattern, text } from './values.ts';

/** A question of the device and its answer. */
const LoginStepSchema = z.strictObject({
  expect: pattern.describe('what the device has printed last when it waits for an answer, text or /regular expression/'),
  send: z.string().describe('answer, which is typed with Enter; may be empty'),
  enter: z.boolean().optional().describe('`false` to type the answer without Enter; default: true'),
  secret: z.boolean().optional().describe('whether to hide the answer in logs, reports and errors; default: false'),
  optional: z.boolean().optional().describe('whether the device may skip the question; default: false'),
  times: z.int().min(1).optional().describe('how often to answer the question at most; default: 1'),
});

/** How to log in to the appliance on its serial console. */
export const LoginSchema = z.strictObject({
  user: text.describe('user name'),
  password: z.string().optional().describe('password; default: none'),
  newPassword: text.optional().describe('password to set if the device asks for a new one; later log-ins use it. Default: none'),
  loginPrompt: pattern
    .optional()
    .describe('prompt for the user name, text or /regular expression/; default: matches "login: " and similar prompts'),
  passwordPrompt: pattern
    .optional()
    .describe('prompt for the password, text or /regular expression/; default: matches "Password: " and similar prompts'),
  shellPrompt: pattern
    .optional()
    .describe('prompt of the shell, text or /regular expression/; default: matches "# ", "$ " and similar prompts'),
  failure: pattern.optional().describe('message that refuses the log-in, text or /regular expression/'),
  retryMs: z
    .int()
    .min(0)
    .optional()
    .describe(
      'how long after the start of the guest to retry a refused log-in, in ms, within bootTimeoutMs, because cloud-init sets passwords late; default: 60000',
    ),
  steps: z
    .array(LoginStepSchema)
    .optional()
    .describe(
      'other questions of the device, before, during and after the log-in, in their order, and the answers; default: none',
    ),
  shell: z
    .enum(['posix', 'none'])
    .optional()
    .describe('`none` if the prompt is not that of a POSIX shell: alpy logs in, and types nothing at the prompt; default: posix'),
  shellCommand: text
    .optional()
    .describe(
      'what to type after the log-in to get a POSIX shell: `exec sh` if the log-in shell is csh or fish; default: nothing',
    ),
});
