import { existsSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Inserter } from './clickhouse-inserter.ts';

/** The producers' own switch, as programs of the platform file see it: a file in `folder` for each day that is held back. */
export function fenceByFiles(
  folder: string,
  inserter: Inserter,
): { programs: Record<string, unknown>; stop: () => void } {
  const held = (partition: string): string => join(folder, partition);
  const days = new Set<string>();
  const obey = (file: string): void => {
    if (!/^\d{8}$/.test(file)) return;
    const day = `${file.slice(0, 4)}-${file.slice(4, 6)}-${file.slice(6)}`;
    if (existsSync(held(file))) {
      if (days.has(day)) return;
      days.add(day);
      void inserter.fence(day).then(() => days.has(day) && writeFileSync(`${held(file)}.confirmed`, ''));
    } else if (days.delete(day)) {
      rmSync(`${held(file)}.confirmed`, { force: true });
      inserter.lift(day);
    }
  };
  const watcher = watch(folder, (_what, file) => void (file && obey(file)));
  const file = held('{partition}');
  return {
    programs: {
      kind: 'command',
      close: ['touch', file],
      confirm: ['test', '-e', `${file}.confirmed`],
      open: ['rm', '-f', file],
    },
    stop: () => watcher.close(),
  };
}
