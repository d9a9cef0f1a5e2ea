// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../../core/deadline.ts';
import type { Container } from '../../docker/index.ts';
import type { InterfaceOfNode, Testbed } from '../../testbed/index.ts';
import type { FrameEnd, RefusedFrame } from './frame-end.ts';
import { encodeFrames, framesInPcap } from './encoding.ts';
import { runProgram } from './run-program.ts';

const file = '/tmp/frames.pcap';

/**
 * Sends frames through an interface, as they are. Prints the number of each frame that the kernel refuses, and why. Arguments: the
 * interface's name. Input: frames, each after its length in 4 bytes.
 */
const sender = String.raw`use strict;
my ($name) = @ARGV;
open my $file, '<', "/sys/class/net/$name/ifindex" or die "$name: $!\n";
my $index = 0 + <$file>;
socket my $socket, 17, 3, 0 or die "socket: $!\n"; # AF_PACKET, SOCK_RAW; it receives nothing
bind $socket, pack 'S n i S C C a8', 17, 0, $index, 0, 0, 0, '' or die "bind: $!\n";
binmode STDIN;
for (my $number = 0; read STDIN, my $head, 4; $number++) {
  my $length = unpack 'N', $head;
  read(STDIN, my $frame, $length) == $length or die "the input ends in frame $number\n";
  defined send $socket, $frame, 0 or print "$number $!\n";
}
`;

/**
 * Sends frames through an interface of a node as a program there does, and keeps what a program there gets. Frames are read by dumpcap,
 * because the kernel takes the VLAN tag from a frame, and dumpcap puts it back.
 */
export class NodeFrames implements FrameEnd {
  readonly keepsSent = true;
  readonly #end: InterfaceOfNode;
  readonly #container: Container;

  private constructor(end: InterfaceOfNode, container: Container) {
    this.#end = end;
    this.#container = container;
  }

  /** Starts dumpcap, which ends with the testbed. @throws ContainerTimeoutError, AppEndedError if it does not start */
  static async attach(apps: Testbed['apps'], end: InterfaceOfNode, wait: Wait): Promise<NodeFrames> {
    const command = ['dumpcap', '-q', '-P', '-i', end.interface.name, '-w', file];
    const app = await apps.start({ node: end.node, image: 'qemu', command }, wait.signal);
    await app.waitForOutput('File: ', wait); // printed when it captures
    return new NodeFrames(end, app.container);
  }

  /** Sends frames one after the other. @returns those that the kernel refused */
  async send(frames: readonly Buffer[], wait: Wait): Promise<readonly RefusedFrame[]> {
    const command = ['perl', '-e', sender, this.#end.interface.name];
    const printed = await runProgram(this.#container, command, wait, encodeFrames(frames));
    return Array.from(printed.toString().matchAll(/^(\d+) (.*)$/gm), ([, index, reason = '']) => ({
      index: Number(index),
      reason,
    }));
  }

  /** The frames that have passed the interface so far, in either direction. */
  async received(wait: Wait): Promise<readonly Buffer[]> {
    return framesInPcap(await runProgram(this.#container, ['cat', file], wait));
  }
}
