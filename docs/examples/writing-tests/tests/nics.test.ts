import { expect, test } from 'alpy/test';

test.override('appliance', { nics: [{ mac: '52:54:00:12:34:56' }, { model: 'e1000' }] });

test('the first NIC has the MAC address of the licence, and the second is an e1000', async ({ dut }) => {
  const { output } = await dut.shell.run(
    'cat /sys/class/net/eth0/address; basename $(readlink /sys/class/net/eth1/device/driver)',
  );
  expect(output).toBe('52:54:00:12:34:56\ne1000');
});
