import { z } from 'zod';
import { GantryError } from '../../../src/errors/index.ts';
import type { Seen } from '../access/look.ts';
import { script } from '../access/script.ts';

/** Where a host keeps which life of which machine it is. Written whole, and synced. */
export const recordPath = '/var/lib/gantry/host.json';

/** What the file says. */
export type HostRecord = { serial: string; generation: number };

const shape = z.object({ serial: z.string().min(1), generation: z.int().min(1) });

/** How a look reads it: an absent file is no error. */
export const readRecord = script('read-file', '[ -e "$1" ] || exit 44; exec cat -- "$1"', recordPath);

/** @throws HOST_STATE_FOREIGN when the file is there and cannot be read: which life this is must not be guessed */
export function recordOf(seen: Seen, where: string): HostRecord | undefined {
  if (seen.code === 44) return undefined;
  const record = shape.safeParse(parsed(seen.text));
  if (seen.code === 0 && record.success) return { serial: record.data.serial, generation: record.data.generation };
  throw new GantryError('HOST_STATE_FOREIGN', `${where}: ${recordPath} is there and cannot be read`, {
    evidence: { host: where, file: recordPath, said: seen.text.slice(0, 500) },
  });
}

/** The text of the file. */
export function recordText({ serial, generation }: HostRecord): string {
  return `${JSON.stringify({ serial, generation }, null, 2)}\n`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
