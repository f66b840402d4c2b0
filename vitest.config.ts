import { defineConfig } from 'vitest/config';

/** Suites on real processes: one file at a time, after everything that needs only the processor. */
const onProcesses = (name: string, groupOrder: number) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    sequence: { groupOrder },
  },
});

export default defineConfig({
  test: {
    pool: 'forks',
    globalSetup: ['test/support/at-the-end.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'core',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{sim,contract,integration,chaos}/**'],
          // A test that hangs is found; the slowest (some 2 s) pass on a machine a tenth as fast.
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'sim',
          include: ['test/sim/**/*.test.ts'],
          testTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      onProcesses('contract', 2),
      onProcesses('integration', 3),
      onProcesses('chaos', 4),
    ],
  },
});
