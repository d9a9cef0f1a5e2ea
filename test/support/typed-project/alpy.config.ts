// SPDX-License-Identifier: GPL-3.0-or-later
import { defineConfig } from 'alpy';

export default defineConfig({
  appliance: { image: 'appliance.qcow2', memoryMiB: 512 },
  // @ts-expect-error -- there is no such key
  topolgy: { links: 2 },
});
