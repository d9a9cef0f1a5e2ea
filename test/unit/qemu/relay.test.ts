// SPDX-License-Identifier: GPL-3.0-or-later
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { Relay } from '../../../src/qemu/relay/relay.ts';

/** A relay that prints what a test writes. */
function fakeRelay(): { readonly relay: Relay; readonly stdout: PassThrough; readonly stderr: PassThrough } {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  return { relay: new Relay({ stdin, stdout, stderr, close: () => undefined }), stdout, stderr };
}

test('an image without Perl is an error of the environment, with what the daemon says', async () => {
  const { relay, stdout } = fakeRelay();
  stdout.write('OCI runtime exec failed: exec: "perl": executable file not found in $PATH\r\n');
  await expect(relay.ready()).rejects.toMatchObject({
    fault: 'environment',
    message: `expected the relay of a link's fault to start in QEMU's container, got: OCI runtime exec failed: exec: "perl": executable file not found in $PATH. Faults of links need Perl in the image of QEMU (Debian: perl-base)`,
  });
});

test('the error of a relay that ends quotes what it printed last', async () => {
  const { relay, stdout, stderr } = fakeRelay();
  stderr.write('bind: No space left on device\n');
  stdout.end();
  await expect(relay.ready()).rejects.toMatchObject({
    fault: 'environment',
    message: expect.stringContaining("the relay of a link's fault ended: bind: No space left on device") as string,
  });
});

test('a relay that does not answer in time is an error of the environment', async () => {
  const { relay } = fakeRelay();
  await expect(relay.counts({ timeoutMs: 5 })).rejects.toMatchObject({
    fault: 'environment',
    message: "the relay of a link's fault did not answer within 5 ms",
  });
});
