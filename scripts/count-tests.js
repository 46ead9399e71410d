// Prints `N passed, N failed` from vitest's JSON results; exits with 1 when anything failed or nothing ran.
import { readFileSync } from 'node:fs';

let results;
try {
  results = JSON.parse(readFileSync(process.argv[2], 'utf8'));
} catch {
  console.log('0 passed, 1 failed');
  process.exit(1);
}
const passed = results.numPassedTests;
// A file that can't be loaded has no tests of its own to count, and a skipped test is a failure where none may be.
const broken = results.testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.length === 0,
).length;
const skipped = results.numPendingTests;
const failed = results.numFailedTests + broken + (process.env.GANTRY_LAB === 'required' ? skipped : 0);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
