// SPDX-License-Identifier: GPL-3.0-or-later
import { isIP } from 'node:net';
import { z } from 'zod';
import { pattern, text } from './values.ts';

const node = text.describe('name of the node from which to look, such as node0');
const address = text.refine((value) => isIP(value) !== 0, { error: 'an IP address, such as 192.168.1.1' });
const from = text
  .refine(isNetwork, { error: 'an IP address with its prefix length, such as 192.168.1.2/24' })
  .optional()
  .describe('address of the node meanwhile; default: those that it has');

const conditions = {
  console: pattern.optional().describe('the console has printed this since the start, text or /regular expression/'),
  command: text.optional().describe('this shell command succeeds'),
  tcp: z
    .strictObject({ node, address, port: z.int().min(1).max(65_535), from })
    .optional()
    .describe('a TCP port accepts connections'),
  http: z
    .strictObject({
      node,
      url: text.refine(isHttpUrl, { error: 'a URL that begins with http:// and has an IP address, such as http://192.168.1.1/' }),
      status: z.int().min(100).max(599).optional().describe('default: 200'),
      from,
    })
    .optional()
    .describe('an HTTP server answers with a status'),
  ping: z.strictObject({ node, address, from }).optional().describe('an address answers a ping'),
  carrier: text.optional().describe('the node at the other end of a link, such as link0, sees a carrier'),
  quietMs: z.int().min(1).optional().describe('the console has printed something, and then nothing for this long, in ms'),
};

const names = Object.keys(conditions).join(', ');

const ConditionSchema = z.strictObject(conditions).refine((condition) => Object.keys(condition).length === 1, {
  error: `exactly one of ${names}`,
  when: ({ issues }) => issues.length === 0, // an unknown key is reported as such
});

/** What must hold before the appliance is ready. */
export const ReadySchema = z
  .array(ConditionSchema)
  .optional()
  .describe(
    `conditions that must hold, one after the other, before a test begins or the snapshot is saved, within bootTimeoutMs, each one of ${names}; default: the log-in is enough`,
  );

function isNetwork(value: string): boolean {
  const [ip = '', prefix = '', ...rest] = value.split('/');
  const bits = { 4: 32, 6: 128 }[isIP(ip)];
  return bits !== undefined && rest.length === 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;
}

function isHttpUrl(value: string): boolean {
  const url = URL.parse(value);
  return url?.protocol === 'http:' && isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0;
}
