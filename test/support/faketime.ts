import { fakeTimeLibrary } from '../../lab/programs.ts';

/**
 * The environment of a process whose clock is `offsetSeconds` ahead of this machine's, or behind it (negative). Only the
 * time of day is shifted: the monotonic clock, by which durations and timers go, stays the machine's own. The programs that
 * the process starts have the same clock.
 *
 * Tried with libfaketime 0.9.10, Node 20.20 and Temporal's native core (`test/lab/faketime.test.ts`): a worker 300 s ahead or behind
 * polls, heartbeats and ends its activities as any other, since Rust and libuv wait by the monotonic clock. Shared memory is
 * off: a process that is killed would leave its segment in /dev/shm.
 * @throws LAB_PART_MISSING
 */
export function fakeTimeEnv(offsetSeconds: number): Record<string, string> {
  const sign = offsetSeconds < 0 ? '-' : '+';
  return {
    LD_PRELOAD: fakeTimeLibrary(),
    FAKETIME: `${sign}${Math.abs(offsetSeconds)}s`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
    FAKETIME_DISABLE_SHM: '1',
  };
}
