import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./fence-process.sh', import.meta.url));

/** A process fence for the platform file: it ends a node of the lab by its record, pid and start time together. */
export function labProcessFence(stateDir: string): Record<string, unknown> {
  const record = join(stateDir, 'run', '{group}-{node}.json');
  return {
    kind: 'command',
    name: 'stop-process',
    what: 'process',
    fence: [script, 'act', record],
    confirm: [script, 'confirm', record],
  };
}
