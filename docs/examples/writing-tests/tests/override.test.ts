import { describe, expect, test } from 'alpy/test';

describe('with one NIC, UEFI and more memory', () => {
  test.override('topology', { links: 1 });
  test.override('appliance', { firmware: 'uefi', memoryMiB: 512 });

  test('boots', async ({ dut, links }) => {
    expect(links).toHaveLength(1);
    const { output } = await dut.shell.run('ls -d /sys/firmware/efi');
    expect(output).toBe('/sys/firmware/efi');
  });
});
