import { GantryError } from '../src/errors/index.ts';
import type { LabProcess } from './process.ts';

/** A part of the lab that can be stopped, killed, frozen and started again at the same place. */
export type Restartable = {
  /** Of the process that runs now; changes with a restart. @throws LAB_PART_FAILED before the start */
  pid(): number;
  isRunning(): boolean;
  /** Starts it, unless it was started before. */
  start(): Promise<void>;
  /** SIGKILL: what a crash looks like. */
  kill(): Promise<void>;
  /** SIGSTOP: alive for the kernel, silent for everyone else. */
  freeze(): void;
  thaw(): void;
  /** SIGTERM, and SIGKILL if that does not end it. */
  stop(): Promise<void>;
  /** Stopped, if it runs, and started again. */
  restart(): Promise<void>;
};

/** What starts a process → a part that can be started again. Nothing runs until `start`. */
export function restartable(startProcess: () => Promise<LabProcess>): Restartable {
  let running: LabProcess | undefined;
  return {
    pid: () => {
      if (running) return running.pid;
      throw new GantryError('LAB_PART_FAILED', 'it has not been started');
    },
    isRunning: () => running?.isRunning() === true,
    start: async () => void (running ??= await startProcess()),
    kill: async () => running?.kill(),
    freeze: () => running?.freeze(),
    thaw: () => running?.thaw(),
    stop: async () => running?.stop(),
    async restart() {
      await running?.stop();
      running = await startProcess();
    },
  };
}
