// SPDX-License-Identifier: GPL-3.0-or-later
import type { Testbed } from '../../../src/testbed/index.ts';

/** A testbed that runs at the same time. On its node, a program listens on an address, and on an abstract socket. */
export class OtherTestbed {
  readonly testbed: Testbed;
  readonly facts = { otherAddress: '10.9.8.7', otherPort: 7777, otherAbstract: 'alpy-other' } as const;

  private constructor(testbed: Testbed) {
    this.testbed = testbed;
  }

  /** Configures its node and waits until the program listens. */
  static async start(testbed: Testbed): Promise<OtherTestbed> {
    const other = new OtherTestbed(testbed);
    const { otherAddress, otherPort, otherAbstract } = other.facts;
    const node = testbed.nodes[0]!;
    await node.configure({ address: [`${otherAddress}/24`] });
    const script = `use Socket; $| = 1;
      my ($tcp, $unix);
      socket($tcp, PF_INET, SOCK_STREAM, 0) && bind($tcp, pack_sockaddr_in(${otherPort}, INADDR_ANY)) && listen($tcp, 9) or die $!;
      socket($unix, PF_UNIX, SOCK_STREAM, 0) && bind($unix, pack_sockaddr_un("\\0${otherAbstract}")) && listen($unix, 9) or die $!;
      print "listening\\n";
      sleep;`;
    const app = await testbed.apps.start({ node, image: 'node', command: ['perl', '-e', script] });
    await app.waitForOutput('listening');
    return other;
  }
}
