import { expect, test } from 'alpy/test';

test('keeps its files over a reboot', async ({ dut }) => {
  await dut.shell.upload(Buffer.from('kept\n'), '/root/note');
  await dut.reboot();
  const { output } = await dut.shell.run('cat /root/note');
  expect(output).toBe('kept');

  const { exitStatus } = await dut.shell.run('test -e /root/none', { check: false });
  expect(exitStatus).toBe(1);
});
