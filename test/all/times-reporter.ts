import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';
import type { FileTime } from './table.ts';

/** Writes what each file took, its imports and hooks included, to the file that GANTRY_TIMES names. */
export default class TimesReporter implements Reporter {
  readonly #times: FileTime[] = [];

  onTestModuleEnd(module: TestModule): void {
    const { duration, collectDuration, prepareDuration, setupDuration } = module.diagnostic();
    const tests = [...module.children.allTests()].length;
    const ms = duration + collectDuration + prepareDuration + setupDuration;
    this.#times.push({ file: module.relativeModuleId, tests, ms });
  }

  onTestRunEnd(): void {
    const file = process.env['GANTRY_TIMES'];
    if (file !== undefined) writeFileSync(file, JSON.stringify(this.#times));
  }
}
