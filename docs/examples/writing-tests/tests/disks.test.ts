import { expect, test } from 'alpy/test';

test.override('appliance', { disks: [{ sizeMiB: 64, serial: 'DATA-1' }] });

test('the second disk is empty, and has the serial number of the configuration', async ({ dut }) => {
  const { output } = await dut.shell.run(
    'cat /sys/block/vdb/serial; echo; cat /sys/block/vdb/size; head -c 512 /dev/vdb | tr -d "\\0"',
  );
  expect(output).toBe('DATA-1\n131072');
});
