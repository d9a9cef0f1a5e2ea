import { expect, test } from 'alpy/test';

test('keeps its files over a reboot', async ({ dut, step }) => {
  await dut.shell.upload(Buffer.from('kept\n'), '/root/note');
  await step('Reboot', async () => {
    const rebooted = dut.waitForReboot();
    dut.shell.run('reboot').catch(() => undefined); // does not live to see its prompt
    await rebooted;
    await dut.login();
  });
  const { output } = await dut.shell.run('cat /root/note');
  expect(output).toBe('kept');

  const { exitStatus } = await dut.shell.run('test -e /root/none', { check: false });
  expect(exitStatus).toBe(1);
});
