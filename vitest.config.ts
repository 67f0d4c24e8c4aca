import { defineConfig } from 'vitest/config';

/**
 * Projects by cost. `unit` needs nothing but Node; `image` needs root and builds the VM image, once for the same
 * sources; `engine` needs root and the built root file system and runs the engine in native mode; `vm` boots QEMU.
 * The last two share one engine and one VM among their files, so they run in one worker, one file after the other.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/unit/**/*.test.ts'],
          restoreMocks: true,
          // Most of the time went into loading the same modules for each file; what a file stubs it takes back itself.
          isolate: false,
          unstubEnvs: true,
          unstubGlobals: true,
          // Some start programs, which on a busy machine takes longer than vitest's 5 s.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'image',
          include: ['test/image/**/*.test.ts'],
          globalSetup: ['test/image/build-image.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'engine',
          include: ['test/engine/**/*.test.ts', 'test/security/**/*.test.ts', 'test/soak/**/*.test.ts'],
          globalSetup: ['test/support/engine-setup.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'vm',
          include: ['test/vm/**/*.test.ts'],
          globalSetup: ['test/support/vm-setup.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
