/** Ends a test run with one plain line, `N passed, N failed, N skipped`, for readers that know no runner. */

export default class SummaryReporter {
  onTestRunEnd(modules, unhandledErrors) {
    // What fails outside a test (a file that does not load, a hook, a stray rejection) fails the run too.
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      for (const suite of [module, ...module.children.allSuites()]) counts.failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state in counts) counts[state]++;
      }
    }
    // At the exit, so that it is the last line, after every other reporter's.
    process.on("exit", () =>
      console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`),
    );
  }
}
