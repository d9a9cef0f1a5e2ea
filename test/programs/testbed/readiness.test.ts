// SPDX-License-Identifier: GPL-3.0-or-later
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { RemoteShell } from '../../../src/access/index.ts';
import { SerialConsole } from '../../../src/console/index.ts';
import { countDown } from '../../../src/core/deadline.ts';
import { exitStatusOf } from '../../../src/core/exit-status.ts';
import { withSink, type StepEvent } from '../../../src/core/step.ts';
import type { ReadyCondition } from '../../../src/testbed/ready/condition-text.ts';
import { httpProbe, tcpProbe, type ProbingNode } from '../../../src/testbed/ready/probes.ts';
import { Readiness } from '../../../src/testbed/ready/readiness.ts';
import { connect, hasProgram } from '../../unit/console/guest.ts';

/** A node that runs programs on this machine. */
const here: ProbingNode = {
  name: 'node0',
  interfaceName: 'lo',
  probe: ([program = '', ...args]) =>
    new Promise((resolve) => {
      execFile(program, args, (error, stdout, stderr) => {
        resolve({ exitStatus: exitStatusOf(error === null ? 0 : Number(error.code ?? 1)), stdout, stderr });
      });
    }),
};

const look = { timeoutMs: 20_000 };

/** A node whose programs end like this, one after the other, and then always like the last one. */
function scripted(ends: readonly (readonly [status: number, stdout: string, stderr: string])[]): ProbingNode & {
  readonly commands: string[];
} {
  const commands: string[] = [];
  return {
    name: 'node0',
    interfaceName: 'eth0',
    commands,
    probe: (command) => {
      const [status, stdout, stderr] = ends[Math.min(commands.length, ends.length - 1)] ?? [0, '', ''];
      commands.push(command.join(' '));
      return Promise.resolve({ exitStatus: exitStatusOf(status), stdout, stderr });
    },
  };
}

interface Parts {
  readonly node?: ProbingNode;
  readonly run?: RemoteShell['run'];
  readonly timeFactor?: number;
}

interface Waiting {
  readonly far: Duplex;
  readonly events: readonly StepEvent[];
  readonly hold: (limitMs?: number) => Promise<void>;
}

function prepare(conditions: readonly ReadyCondition[], { node = here, run, timeFactor = 1 }: Parts = {}): Waiting {
  const { near, far } = connect();
  const shell = (): { run: RemoteShell['run'] } => ({ run: run ?? (() => Promise.reject(new Error('no shell'))) });
  const surroundings = { nodes: [node], links: [{ name: 'link0', interfaces: [{ node, name: node.interfaceName }] }] };
  const readiness = new Readiness({
    name: 'dut',
    conditions,
    console: SerialConsole.open(near),
    ...surroundings,
    timeFactor,
    shell,
  });
  const events: StepEvent[] = [];
  const hold = (limitMs = 20_000): Promise<void> =>
    withSink(
      (event) => events.push(event),
      () => readiness.hold(countDown({ timeoutMs: limitMs }), limitMs),
    );
  return { far, events, hold };
}

/** What is thrown when the conditions do not hold in time, by default within half a second. */
async function failure(waiting: Waiting, limitMs = 500): Promise<unknown> {
  return waiting.hold(limitMs).then(
    () => undefined,
    (error: unknown) => error,
  );
}

const notReady = (awaited: string, seen: unknown): object => ({ code: 'ALPY_NOT_READY', fault: 'device', awaited, seen });

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

test('text on the console counts from the start, even if it came before other conditions held or in pieces', async () => {
  const waiting = prepare([{ quietMs: 300 }, { console: 'System ready' }, { console: '/up \\d+ s/' }]);
  for (const piece of ['Sys', 'tem \x1b[1mre', 'ady\r\nup ', '12 s\r\n']) waiting.far.write(piece);
  await waiting.hold();
  const titles = waiting.events.flatMap((event) => (event.kind === 'begin' ? [[event.category, event.title]] : []));
  expect(titles).toEqual([
    ['testbed.ready', 'Wait for a console that is quiet for 300 ms'],
    ['testbed.ready', 'Wait for "System ready" on the console'],
    ['testbed.ready', 'Wait for /up \\d+ s/ on the console'],
  ]);
});

test('text that never comes: the error says what came instead', async () => {
  const waiting = prepare([{ console: 'System ready' }]);
  waiting.far.write('booting\r\nSystem halted\r\n');
  const error = await failure(waiting);
  expect(error).toMatchObject(notReady('"System ready" on the console', '"System halted"'));
  expect((error as Error).message).toBe(
    'dut: expected "System ready" on the console within 500 ms after the start of the boot, got "System halted". ' +
      'Correct the condition in appliance.ready, or raise appliance.bootTimeoutMs',
  );
});

test('a console is quiet when it has printed something, and then nothing for the time, which is longer on a slow machine', async () => {
  expect(await failure(prepare([{ quietMs: 10 }]))).toMatchObject({ code: 'ALPY_NOT_READY', seen: 'nothing at all' });
  const slow = prepare([{ quietMs: 100 }], { timeFactor: 16 });
  slow.far.write('hello');
  expect(await failure(slow)).toMatchObject({ code: 'ALPY_NOT_READY', seen: expect.stringContaining('"hello"') as string });
  const busy = prepare([{ quietMs: 1500 }]); // much longer than a busy machine delays a tick
  const talk = setInterval(() => busy.far.write('tick\r\n'), 50);
  expect(await failure(busy, 2000)).toMatchObject({ code: 'ALPY_NOT_READY' });
  clearInterval(talk);
  await busy.hold();
});

test('a command is run until it succeeds', async () => {
  let left = 2;
  const run = (): Promise<Awaited<ReturnType<RemoteShell['run']>>> =>
    Promise.resolve({ exitStatus: (left -= 1) < 0 ? 0 : 3, output: 'state:\nstarting', kernelMessages: [] });
  await prepare([{ command: 'is-ready' }], { run }).hold();
  left = Infinity;
  expect(await failure(prepare([{ command: 'is-ready' }], { run }))).toMatchObject(
    notReady('command "is-ready" to succeed', 'exit status 3 and "starting"'),
  );
});

test('an address answers a ping; otherwise the error says what ping saw', async () => {
  const ping = { node: 'node0', address: '192.168.1.1' };
  const unreachable = 'From 192.168.1.2 icmp_seq=1 Destination Host Unreachable\n';
  const node = scripted([[1, unreachable, ''], [1, '', ''], [0, '', '']]); // prettier-ignore
  await prepare([{ ping }], { node }).hold();
  expect(node.commands).toHaveLength(3);
  for (const [end, seen] of [
    [[1, unreachable, ''], '"Destination Host Unreachable"'],
    [[1, '', ''], 'no answer'],
    [[2, '', 'ping: connect: Network is unreachable\n'], '"Network is unreachable"'],
  ] as const) {
    expect(await failure(prepare([{ ping }], { node: scripted([end]) }))).toMatchObject(
      notReady('192.168.1.1 to answer a ping from node0', seen),
    );
  }
});

test('a node gets an address for the time of the condition, unless it has it', async () => {
  const ping = { node: 'node0', address: '192.168.1.1', from: '192.168.1.2/24' };
  const node = scripted([[0, '', '']]);
  await prepare([{ ping }], { node }).hold();
  expect(node.commands).toEqual([
    'ip address add 192.168.1.2/24 dev eth0',
    'ping -n -c 1 -W 3 -- 192.168.1.1',
    'ip address delete 192.168.1.2/24 dev eth0',
  ]);
  const having = scripted([[2, '', 'Error: ipv4: Address already assigned.\n'], [0, '', '']]); // prettier-ignore
  await prepare([{ ping }], { node: having }).hold();
  expect(having.commands).toHaveLength(2);
  await expect(prepare([{ ping }], { node: scripted([[1, '', 'Error: any error\n']]) }).hold()).rejects.toMatchObject({
    code: 'ALPY_USAGE',
  });
});

test('a link has a carrier', async () => {
  const node = scripted([[0, '0\n', ''], [0, '1\n', '']]); // prettier-ignore
  await prepare([{ carrier: 'link0' }], { node }).hold();
  expect(node.commands).toEqual(Array.from({ length: 2 }, () => 'cat /sys/class/net/eth0/carrier'));
  expect(await failure(prepare([{ carrier: 'link0' }], { node: scripted([[0, '0\n', '']]) }))).toMatchObject(
    notReady('a carrier on link0', 'none'),
  );
});

test('a node or link that the topology does not have is refused before the guest starts', () => {
  const unknownNode = { ping: { node: 'node7', address: '::1' } };
  for (const condition of [unknownNode, { carrier: 'link7' }])
    expect(() => prepare([condition])).toThrow(expect.objectContaining({ code: 'ALPY_USAGE' }) as Error);
  expect(() => prepare([unknownNode])).toThrow('appliance.ready: expected one of node0, got "node7"');
});

describe.skipIf(!hasProgram('bash'))('from a node', () => {
  test('a TCP port accepts connections as soon as a server listens', async () => {
    const server = createServer((socket) => socket.end());
    const port = await listening(server);
    server.close();
    await once(server, 'close');
    const tcp = { node: 'node0', address: '127.0.0.1', port };
    expect(await tcpProbe(here, tcp)(look)).toBe('"Connection refused"');
    const waiting = prepare([{ tcp }]).hold();
    server.listen(port, '127.0.0.1');
    await waiting;
    server.close();
  });

  test('a TCP port that accepts no connection: the error says what the connection got', async () => {
    const tcp = { node: 'node0', address: '192.168.1.1', port: 22 };
    const refused = scripted([[1, '', 'bash: connect: Connection refused\n']]);
    expect(await failure(prepare([{ tcp }], { node: refused }))).toMatchObject(
      notReady('TCP port 22 of 192.168.1.1 to accept connections from node0', '"Connection refused"'),
    );
  });

  test('an HTTP server answers with the status', async () => {
    const seen: string[] = [];
    let status = 503;
    const server = createHttpServer((request, response) => {
      seen.push(`${request.url ?? ''} ${request.headers.host ?? ''}`);
      response.writeHead(status).end('body');
    });
    const url = `http://127.0.0.1:${await listening(server)}/health?full=1`;
    expect(await httpProbe(here, { node: 'node0', url })(look)).toBe('status 503');
    expect(seen[0]).toBe(`/health?full=1 ${new URL(url).host}`);
    await prepare([{ http: { node: 'node0', url, status: 503 } }]).hold();
    const waiting = prepare([{ http: { node: 'node0', url } }]).hold();
    status = 200;
    await waiting;
    server.close();
  });
});
