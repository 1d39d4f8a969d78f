import { swcOptions } from './scripts/swc-options.js';

// `.ci/run` names a file here and reads the counts from it.
const countsFile = process.env.TEST_COUNTS_FILE;

export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/libs', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts', '**/*.e2e-spec.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/libs/[^/]+/dist'],
  extensionsToTreatAsEsm: ['.ts'],
  globalSetup: '<rootDir>/scripts/compile-programs.js',
  transform: {
    '\\.ts$': ['@swc/jest', swcOptions],
  },
  moduleNameMapper: {
    '^heartwire$': '<rootDir>/libs/heartwire/src/index.ts',
    '^heartwire/browser$': '<rootDir>/libs/heartwire/src/browser/index.ts',
    '^heartwire/redis$': '<rootDir>/libs/heartwire/src/redis/index.ts',
    '^heartwire/testing$': '<rootDir>/libs/heartwire/src/testing/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  coverageProvider: 'v8',
  collectCoverageFrom: ['libs/*/src/**/*.ts', 'src/**/*.ts', '!**/*.spec.ts'],
  // The tests measure time and open sockets: more workers than cores would make them late, not fast.
  maxWorkers: 2,
  // Modules that a file has loaded are never freed: a worker would grow to 2 GiB, and be slow to end.
  workerIdleMemoryLimit: '768MB',
  // No test takes that long, but on a machine that has much else to do.
  testTimeout: 60_000,
  reporters: [
    'default',
    ...(countsFile ? [['<rootDir>/scripts/count-reporter.js', { file: countsFile }]] : []),
  ],
};
