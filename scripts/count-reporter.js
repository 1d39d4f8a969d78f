import { writeFileSync } from 'node:fs';

/** A jest reporter that leaves `passed failed skipped` in a file, for `.ci/run`. A file of tests that couldn't run counts as one failure. */
export default class CountReporter {
  constructor(_globalConfig, { file }) {
    this.file = file;
  }

  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    writeFileSync(this.file, `${results.numPassedTests} ${failed} ${skipped}\n`);
  }
}
