// SPDX-License-Identifier: GPL-3.0-or-later
// A process with a decoder, to be killed. Arguments: the qemu image, a folder, a pcap in it, and the filter to query repeatedly.
import { Decoder } from '../../src/capture/index.ts';
import { Engine } from '../../src/docker/index.ts';
import { suiteId } from './suite.ts';

const [image = '', directory = '', file = '', filter = ''] = process.argv.slice(2);
const engine = await Engine.connect({ jobId: suiteId() });
const decoder = new Decoder({ engine, image, access: { kind: 'bind' }, directory });
const capture = { file, toWallClock: (ms: number) => ms };
await decoder.frames(capture, { filter: 'arp', limit: 1 }, AbortSignal.timeout(60_000));
process.stdout.write(`${engine.runId}\n`);
for (;;) await decoder.frames(capture, { filter }, AbortSignal.timeout(60_000));
