import { expect, test } from 'alpy/test';

test('GRUB sees the CD and the empty disk', async ({ dut }) => {
  await dut.console.sendLine('ls');
  const { text } = await dut.console.expect(/\(hd0\).*\(cd\)/s, { timeoutMs: 10_000 * dut.timeFactor });
  expect(text).not.toContain('(hd0,'); // it has no partition
});

test('GRUB reads files of the CD', async ({ dut }) => {
  await dut.console.sendLine('cat /boot/grub/grub.cfg');
  await dut.console.expect('terminal_output serial', { timeoutMs: 10_000 * dut.timeFactor });
});
