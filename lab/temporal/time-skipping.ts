import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../ports.ts';
import { startProcess } from '../process.ts';
import { findTimeSkippingServer } from '../programs.ts';
import { answers } from './temporal.ts';

/** A time-skipping server that runs, and what `TestWorkflowEnvironment.createTimeSkipping({ server })` needs to use it. */
export type TimeSkipping = {
  readonly server: { executable: { type: 'existing-path'; path: string }; port: number };
  stop(): Promise<void>;
};

/**
 * Starts the cached time-skipping server and waits until it answers. The SDK gives a server that it starts itself 5 s, which
 * a JVM on a busy machine does not keep: the program that the SDK is given to start does nothing, and the SDK finds ours on
 * the port. Short `startToClose` timeouts and one environment per test file: its clock is one for all workflows.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED
 */
export async function startTimeSkipping({ stateDir }: { stateDir: string }): Promise<TimeSkipping> {
  const port = await freePort();
  const running = await startProcess({
    ...{ stateDir, name: 'time-skipping', part: 'temporal' },
    command: await findTimeSkippingServer(),
    args: [String(port)],
    ports: [port],
    ready: () => answers(`127.0.0.1:${port}`),
    readyWithinMs: 120_000,
  });
  mkdirSync(stateDir, { recursive: true });
  const path = join(stateDir, 'time-skipping-runs-already');
  // It ends with the process that starts it.
  writeFileSync(path, '#!/bin/sh\nexec tail --pid=$PPID -f /dev/null\n');
  chmodSync(path, 0o755);
  return { server: { executable: { type: 'existing-path', path }, port }, stop: () => running.kill() };
}
