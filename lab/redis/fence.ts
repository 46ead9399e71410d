import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./fence-process.sh', import.meta.url));

/** As the platform file has it. */
export type LabProcessFence = {
  kind: 'command';
  name: string;
  what: 'process';
  fence: string[];
  confirm: string[];
};

/** A process fence for the platform file: it ends a node of the lab by its record, pid and start time together. */
export function labProcessFence(stateDir: string): LabProcessFence {
  const record = join(stateDir, 'run', '{group}-{node}.json');
  return {
    kind: 'command',
    name: 'stop-process',
    what: 'process',
    fence: [script, 'act', record],
    confirm: [script, 'confirm', record],
  };
}
