// SPDX-License-Identifier: GPL-3.0-or-later
import { defineConfig } from 'vitest/config';

// Not isolated, because loading the modules again for every file would take twice as long as the tests. Four workers, because
// many tests wait for programs; Vitest's default is one less than the number of cores.
const quick = { testTimeout: 60_000, isolate: false, maxWorkers: 4 };

export default defineConfig({
  test: {
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          exclude: ['**/*.fuzz.test.ts'],
          setupFiles: ['test/support/no-programs.ts'],
          ...quick,
        },
      },
      { test: { name: 'programs', include: ['test/programs/**/*.test.ts'], ...quick } },
      { test: { name: 'fuzz', include: ['test/unit/**/*.fuzz.test.ts'], ...quick } },
      {
        // one at a time, because a guest without KVM occupies a core
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          globalSetup: ['test/support/nothing-left.ts'],
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 400_000,
          hookTimeout: 400_000,
          globalSetup: ['test/support/nothing-left.ts'],
        },
      },
      {
        // not part of `npm test`; run by scripts/test-pipeline
        test: {
          name: 'pipeline',
          include: ['test/pipeline/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 240_000,
          globalSetup: ['test/support/nothing-left.ts'],
        },
      },
      {
        // not part of `npm test`; run by scripts/test-executor
        test: {
          name: 'executor',
          include: ['test/executor/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          globalSetup: ['test/support/nothing-left.ts'],
        },
      },
    ],
  },
});
