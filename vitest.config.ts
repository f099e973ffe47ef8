// Three projects: what computes alone, which may share the processors; all else in Node, which measures time and memory or opens
// browsers, a file at a time; and the built ES module in a headless Chromium.
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { CHROMIUM, CHROMIUM_ARGUMENTS, ISOLATION } from './.ci/chromium.mjs';

const COMPUTING = ['autograd', 'kernels', 'laws', 'losses', 'ops', 'optim', 'reference'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'computing',
          include: COMPUTING,
          environment: 'node',
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/browser/**', ...COMPUTING],
          environment: 'node',
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        server: { headers: ISOLATION },
        test: {
          name: 'browser',
          sequence: { groupOrder: 2 },
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/browser/node-losses.ts'],
          testTimeout: 60_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            instances: [{ browser: 'chromium' }],
            provider: playwright({
              launchOptions: { executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS },
            }),
          },
        },
      },
    ],
  },
});
