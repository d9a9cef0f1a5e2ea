// SPDX-License-Identifier: GPL-3.0-or-later
// The same captures, decoded by sharkd and by tshark. Needs no guest.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Capture, Decoder, FrameTimeoutError } from '../../src/capture/index.ts';
import { Container, Engine, exec, runLabel } from '../../src/docker/index.ts';
import { suiteId } from '../support/suite.ts';
import { imageNamed, resolveImages } from '../../src/images/index.ts';
import { arp, echo, pcapOf, record, tcp, udp } from '../support/frames.ts';

const image = imageNamed(resolveImages(process.env), 'qemu').reference;
const docker = new Docker();

let engine: Engine;
let directory: string;
/** stands in for QEMU's container, in which tshark runs */
let container: Container;
let decoder: Decoder;

beforeAll(async () => {
  engine = await Engine.connect({ jobId: suiteId() });
  directory = await mkdtemp(join(tmpdir(), 'alpy-decoder-'));
  container = await Container.start(engine, { name: 'qemu', image, entrypoint: ['cat'], command: [], networkMode: 'bare' });
});

afterAll(async () => {
  await container[Symbol.asyncDispose]();
  expect(await containersOf(engine.runId)).toEqual([]);
  engine[Symbol.dispose]();
  await rm(directory, { recursive: true });
});

beforeEach(() => {
  decoder = new Decoder({ engine, image, access: { kind: 'bind' }, directory });
});

afterEach(async () => {
  await decoder[Symbol.asyncDispose]();
  expect((await readdir(directory)).filter((name) => name.startsWith('.'))).toEqual([]);
  expect(await containersOf(engine.runId)).toEqual([expect.stringMatching(/-qemu$/)]);
});

/** Names of the containers of a run, in any state. */
async function containersOf(runId: string): Promise<readonly string[]> {
  const found = await docker.listContainers({ all: true, filters: { label: [`${runLabel}=${runId}`] } });
  return found.flatMap(({ Names }) => Names);
}

/** Waits until a container of this test's decoder runs, other than `known`. */
async function decoderId(known?: string): Promise<string> {
  const label = [`${runLabel}=${engine.runId}`];
  const find = async (): Promise<string | undefined> => {
    const found = await docker.listContainers({ filters: { label, name: ['-decoder'] } });
    return found.map(({ Id }) => Id).find((one) => one !== known);
  };
  const abortSignal = AbortSignal.timeout(60_000);
  const starts = (await docker.getEvents({ filters: { event: ['start'], label }, abortSignal })) as Readable;
  const iterator = starts.iterator();
  try {
    for (;;) {
      const id = await find();
      if (id !== undefined) return id;
      await iterator.next();
    }
  } finally {
    starts.destroy();
  }
}

const oneHourLater = (ms: number): number => ms + 3_600_000;

function captureOf(file: string, by: Decoder | undefined = decoder, toWallClock = oneHourLater): Capture {
  return new Capture({ name: basename(file, '.pcap'), container, path: '/none', file, toWallClock, decoder: by }, file);
}

async function write(name: string, bytes: Buffer): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, bytes);
  return file;
}

/** Frames that need two passes (future answers, reassembly), and frames whose text needs escapes. */
const talk = [
  ...[arp('there'), arp('back'), echo('there', 1), echo('back', 1), echo('there', 2)],
  ...[
    tcp('there', 1, 1, 'GET /a\\b"ü HTTP/1.1\r\nHost: a\r\n\r\n'),
    tcp('back', 1, 36, 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1234'),
  ],
  ...[tcp('back', 43, 36, '56789'), tcp('back', 43, 36, '56789'), tcp('there', 36, 48, ' \t\r\u2028 \u0000', 9999)],
  ...[udp(53, 'no DNS'), udp(514, '<13>a \t "quoted"\\ \u2028 line\nand another'), udp(69, '\0\x01a\tb\r\nc\0octet\0')],
];

describe('an answer of sharkd', () => {
  test.each([
    '',
    'icmp',
    'tcp.analysis.retransmission',
    'http.response',
    'icmp.resp_in',
    'udp && !dns',
    'frame contains "\\"q"',
    'ip\n|| arp',
  ])('equals that of tshark for the filter %j', async (filter) => {
    const file = await write('talk.pcap', pcapOf(talk));
    const frames = await captureOf(file).frames(filter);
    expect(frames.length).toBeGreaterThan(0);
    expect(frames).toEqual(await captureOf(file, undefined).frames(filter));
    expect(await captureOf(file).count(filter)).toBe(frames.length);
    expect(await captureOf(file).waitFor(filter)).toEqual(frames[0]);
  });

  test('shows frames as Wireshark does, with corrected times', async () => {
    const file = await write('talk.pcap', pcapOf(talk));
    expect((await captureOf(file).frames('icmp.type == 8'))[0]).toEqual({
      number: 3,
      timeMs: 1_700_003_600_002,
      lengthBytes: 49,
      protocol: 'ICMP',
      info: 'Echo (ping) request  id=0x0001, seq=1/256, ttl=64 (reply in 4)',
      fields: {},
    });
    const [request] = await captureOf(file).frames('icmp.type == 8', { fields: ['icmp.resp_in', 'ip.ttl'] });
    expect(request?.fields).toEqual({ 'icmp.resp_in': '4', 'ip.ttl': '64' });
  });

  test('covers all complete records and no partial one', async () => {
    const file = await write('growing.pcap', pcapOf([]));
    const capture = captureOf(file);
    expect(await capture.count()).toBe(0);
    const more = record(echo('there', 1), 1_700_000_000_000);
    await appendFile(file, more.subarray(0, 30));
    expect(await capture.count()).toBe(0);
    await appendFile(file, more.subarray(30));
    expect(await capture.count()).toBe(1);
    await write('growing.pcap', Buffer.alloc(24));
    await expect(capture.count()).rejects.toMatchObject({ code: 'ALPY_CAPTURE' });
  });

  test('covers earlier frames; `waitFor` waits for later ones', async () => {
    const file = await write('later.pcap', pcapOf([arp('there')]));
    const capture = captureOf(file);
    const waiting = capture.waitFor('icmp', { timeoutMs: 20_000 });
    await decoderId();
    await capture.count(); // sent after the query of `waitFor`
    await appendFile(file, record(echo('there', 1), 1_700_000_000_000));
    expect(await waiting).toMatchObject({ number: 2, protocol: 'ICMP' });
    const late = capture.waitFor('udp', { timeoutMs: 500 });
    await expect(late).rejects.toMatchObject({ code: 'ALPY_FRAME_TIMEOUT', fault: 'device' });
  });
});

describe('decoding', () => {
  const reply = [
    tcp('back', 1, 36, 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1234', 8888),
    tcp('back', 43, 36, '56789', 8888),
  ];
  const opening = [tcp('there', 0, 0, '', 8888, 0x02), tcp('back', 0, 1, '', 8888, 0x12)];
  const request = tcp('there', 1, 1, 'GET / HTTP/1.1\r\nHost: abcdefghi\r\n\r\n', 8888);

  test.each(['sharkd', 'tshark'])('of %s finds an HTTP reply in two segments, in any order', async (who) => {
    for (const [order, [first, second]] of Object.entries({ sent: reply, swapped: reply.toReversed() })) {
      const file = await write('reply.pcap', pcapOf([...opening, request, first!, second!]));
      const capture = captureOf(file, who === 'sharkd' ? decoder : undefined);
      expect([order, await capture.count('http.response.code == 200')]).toEqual([order, 1]);
    }
  });

  test('takes the protocol of a port, and preferences of Wireshark, for one query', async () => {
    const capture = captureOf(await write('talk.pcap', pcapOf([udp(9999, '<13>hello'), ...reply])));
    const options = { decodeAs: ['udp.port==9999,syslog'], preferences: { 'tcp.desegment_tcp_streams': 'FALSE' } };
    expect([await capture.count('syslog'), await capture.count('syslog', options)]).toEqual([0, 1]);
    expect(await capture.waitFor('syslog', options)).toMatchObject({ number: 1, protocol: 'Syslog' });
    expect(await capture.count('syslog')).toBe(0);
    for (const wrong of [{ decodeAs: ['udp.port==9999,nosuch'] }, { preferences: { 'no.such': '1' } }])
      await expect(capture.frames('', wrong)).rejects.toMatchObject({ code: 'ALPY_USAGE' });
  });
});

describe('a checksum', () => {
  test.each(['sharkd', 'tshark'])('is found by %s if it is wrong, and only then', async (who) => {
    const wrongIp = udp(514, 'x');
    wrongIp.writeUInt16BE(wrongIp.readUInt16BE(24) ^ 1, 24);
    const wrongTcp = tcp('there', 1, 1, 'x');
    wrongTcp.writeUInt16BE(wrongTcp.readUInt16BE(50) ^ 1, 50);
    const wrong = [udp(514, 'x', 1), wrongTcp, wrongIp];
    const capture = captureOf(await write('sums.pcap', pcapOf([...talk, ...wrong])), who === 'sharkd' ? decoder : undefined);
    const numbers = async (filter: string) => (await capture.frames(filter)).map(({ number }) => number - talk.length);
    expect(await numbers('udp.checksum.status == "Bad"')).toEqual([1]);
    expect(await numbers('tcp.checksum.status == "Bad"')).toEqual([2]);
    expect(await numbers('ip.checksum.status == "Bad"')).toEqual([3]);
    expect(await capture.count('ip.checksum.status == "Good"')).toBe((await capture.count('ip')) - 1);
    expect(await capture.waitFor('udp.checksum.status == "Bad"')).toMatchObject({ number: talk.length + 1 });
  });
});

describe('a filter', () => {
  test.each(['icmp.foo', 'icmp or or', 'arp or ip6'])('that is wrong gives the error of tshark: %s', async (filter) => {
    const file = await write('talk.pcap', pcapOf(talk));
    const tsharkError: unknown = await captureOf(file, undefined)
      .frames(filter)
      .catch((error: unknown) => error);
    expect(tsharkError).toMatchObject({ code: 'ALPY_USAGE', message: expect.stringContaining(filter) as string });
    await expect(captureOf(file).frames(filter)).rejects.toEqual(tsharkError);
    await expect(captureOf(file).waitFor(filter)).rejects.toEqual(tsharkError);
    expect(await captureOf(file).count('arp')).toBe(2); // the decoder still works
  });

  test.each(['sharkd', 'tshark'])(
    'that no frame passes: the error of %s has the nearest frames and how they differ',
    async (who) => {
      const file = await write('talk.pcap', pcapOf([...talk, echo('there', 1), echo('there', 2)]));
      const capture = captureOf(file, who === 'sharkd' ? decoder : undefined);
      const detailsOf = async (filter: string): Promise<unknown> =>
        capture.waitFor(filter, { timeoutMs: 1 }).then(
          () => 'passed',
          (error: unknown) => (error instanceof FrameTimeoutError ? error.details : error),
        );
      expect(await detailsOf('icmp.type == 8 && (ip.ttl == 63 and not arp)')).toEqual([
        {
          title: 'Nearest frames, and what differs',
          lines: [
            expect.stringMatching(
              /^frame 15 and 3 before that differ in the same way, \d+\.\d{3} s: ICMP \S+ → \S+ Echo \(ping\) request/,
            ),
            '  ip.ttl was 64',
            expect.stringMatching(/^frame 4, \d+\.\d{3} s: ICMP \S+ → \S+ Echo \(ping\) reply/),
            '  icmp.type was 0, ip.ttl was 64',
            expect.stringMatching(/^frame 13/),
            '  there is no icmp.type, ip.ttl was 64',
          ],
        },
      ]);
      expect(await detailsOf('frame contains "nobody says this" && tftp.opcode == 9')).toMatchObject([
        { lines: expect.arrayContaining(['  frame contains "nobody says this" is false, tftp.opcode was 1']) as unknown },
      ]);
      expect(await detailsOf('bgp || ospf')).toMatchObject([
        {
          title: 'Last frames, which have nothing in common with the filter',
          lines: [expect.stringMatching(/^frame 15 and 14 before/), '  bgp || ospf is false'],
        },
      ]);
    },
  );

  test('may be longer than sharkd accepts', async () => {
    const file = await write('talk.pcap', pcapOf(talk));
    const length = 8190 - '{"jsonrpc":"2.0","id":12,"method":"frames","params":{"filter":"",'.length;
    for (const bytes of [length - 200, length, length + 200, 20_000]) {
      expect(await captureOf(file).count(`arp && ${' '.repeat(bytes - 10)}arp`)).toBe(2);
    }
  });
});

const manyFrames = 200_000;

describe('a big capture', () => {
  let big: string;

  beforeAll(async () => {
    const pair = pcapOf([echo('there', 1), echo('back', 1)]).subarray(24);
    big = await write('big.pcap', Buffer.concat([pcapOf([]), ...Array.from({ length: manyFrames / 2 }, () => pair)]));
  });

  test('is read completely', async () => {
    expect(await captureOf(big).count()).toBe(manyFrames);
    expect(await captureOf(big).count('icmp.type == 8')).toBe(manyFrames / 2);
    expect(await captureOf(big).waitFor('icmp.type == 0')).toMatchObject({ number: 2 });
  });

  test('is searched completely before `waitFor` fails, however short the wait is', async () => {
    const few = { timeoutMs: 1 };
    const late = await write('late.pcap', Buffer.concat([await readFile(big), record(udp(514, 'x'), 1_700_000_000_000)]));
    const early = await write('early.pcap', Buffer.concat([pcapOf([udp(514, 'x')]), (await readFile(big)).subarray(24)]));
    expect(await captureOf(early).waitFor('udp', few)).toMatchObject({ number: 1 });
    expect(await captureOf(late).waitFor('udp', few)).toMatchObject({ number: manyFrames + 1 });
    expect(await captureOf(late).waitFor('udp', { ...few, fields: ['udp.port'] })).toMatchObject({ number: manyFrames + 1 });
    await expect(captureOf(late).waitFor('tcp', few)).rejects.toMatchObject({
      code: 'ALPY_FRAME_TIMEOUT',
      fault: 'device',
      looked: manyFrames + 1,
    });
    expect(await captureOf(late).count('udp')).toBe(1);
  });

  test('can be cancelled without affecting later or pending queries', async () => {
    const small = await write('talk.pcap', pcapOf(talk));
    expect(await captureOf(small).count('arp')).toBe(2);
    const known = await decoderId();
    const aborted = new AbortController();
    const read = captureOf(big).frames('', { signal: aborted.signal });
    const late = captureOf(small).frames('arp', { timeoutMs: 300 });
    const waiting = captureOf(small).count('icmp');
    await expect(late).rejects.toMatchObject({ code: 'ALPY_DECODE_TIMEOUT' });
    aborted.abort();
    await expect(read).rejects.toBe(aborted.signal.reason);
    expect(await waiting).toBe(3);
    expect(await decoderId()).not.toBe(known);
    await expect(captureOf(big).count('', { timeoutMs: 400 })).rejects.toMatchObject({
      code: 'ALPY_DECODE_TIMEOUT',
      fault: 'environment',
      message: /^big: decoding took longer than 400 ms, so not all frames were looked at\./,
    });
    expect(await captureOf(small).count('arp')).toBe(2);
  });

  test.each(['SIGSEGV', 'SIGKILL'] as const)(
    'is read by tshark when sharkd ends by %s meanwhile, and the next by a new one',
    async (name) => {
      const small = await write('talk.pcap', pcapOf(talk));
      expect(await captureOf(small).count('arp')).toBe(2);
      const id = await decoderId();
      const read = captureOf(big).count('icmp.type == 8');
      if (name === 'SIGKILL') await docker.getContainer(id).kill({ signal: name });
      else {
        const kill = 'for p in /proc/[0-9]*; do [ "$(cat $p/comm)" != sharkd ] || kill -SEGV "${p#/proc/}"; done';
        const started = await docker.getContainer(id).exec({ Cmd: ['sh', '-c', kill] });
        await started.start({});
      }
      expect(await read).toBe(manyFrames / 2);
      expect(await captureOf(small).count('arp')).toBe(2);
      expect(await decoderId(id)).not.toBe(id);
    },
  );

  test('does not delay the end of the decoder: tshark takes over', async () => {
    const read = captureOf(big).waitFor('icmp.type == 8');
    await decoderId();
    await decoder[Symbol.asyncDispose]();
    expect(await read).toMatchObject({ number: 1 });
    expect(await captureOf(big).waitFor('icmp.type == 0')).toMatchObject({ number: 2 });
  });

  test.each([
    { while: 'has nothing to do', filter: '(' },
    { while: 'is busy', filter: '' },
  ])('leaves no container when the process is killed while sharkd $while', async ({ filter }) => {
    const script = resolve(import.meta.dirname, '../support/decoder-child.ts');
    const child = spawn(process.execPath, [script, image, directory, big, filter], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [runId] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    await new Promise((done) => setTimeout(done, 1000)); // long enough for it to send its next request
    expect(await containersOf(runId)).toHaveLength(1);
    const gone = await docker.getEvents({ filters: { event: ['destroy'], label: [`${runLabel}=${runId}`] } });
    const killed = performance.now();
    child.kill('SIGKILL');
    await once(gone, 'data');
    expect(performance.now() - killed).toBeLessThan(30_000); // the goal is 5 s; a busy machine gets more
    expect(await containersOf(runId)).toEqual([]);
    for (const name of (await readdir(directory)).filter((one) => one.startsWith('.'))) await rm(join(directory, name));
  });
});

test('a decoder whose image has no sharkd uses tshark', async () => {
  await using none = new Decoder({
    engine,
    image: imageNamed(resolveImages(process.env), 'node').reference,
    access: { kind: 'bind' },
    directory,
  });
  const file = await write('talk.pcap', pcapOf(talk));
  expect(await captureOf(file, none).count('arp')).toBe(2);
  expect(await captureOf(file, none).count('icmp')).toBe(3);
});

test('tshark leaves no copy of a capture behind', async () => {
  const file = await write('talk.pcap', pcapOf(talk));
  await captureOf(file, undefined).frames('arp', { fields: ['arp.opcode'] });
  const { stdout } = await exec(container, { command: ['ls', '-A', '/tmp'] }, { timeoutMs: 10_000 });
  expect(stdout.toString()).toBe('');
});
