import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { GantryError } from '../../src/errors/index.ts';

const message = z.looseObject({
  QMP: z.unknown().optional(),
  id: z.number().optional(),
  return: z.unknown().optional(),
  error: z.looseObject({ desc: z.string() }).optional(),
  event: z.string().optional(),
  data: z.unknown().optional(),
});

/** qemu's monitor: what a hand on the hardware is to a real host. */
export type Qmp = {
  /** @throws GantryError LAB_PART_FAILED when qemu refuses or is gone */
  run: (command: string, args?: Readonly<Record<string, unknown>>) => Promise<unknown>;
  /** Resolves at the next event of this name for which `wanted` holds. @throws GantryError LAB_PART_FAILED after `withinMs` */
  event: (name: string, withinMs: number, wanted?: (data: unknown) => boolean) => Promise<unknown>;
  close: () => void;
};

/** Opens the monitor on a unix socket. One client at a time: qemu lets a second one wait. */
export async function openQmp(path: string): Promise<Qmp> {
  const socket = createConnection({ path });
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  const listeners = new Set<(name: string, data: unknown) => void>();
  let ended: GantryError | undefined;
  const end = (why: string): void => {
    ended ??= new GantryError('LAB_PART_FAILED', `qemu's monitor ${path}: ${why}`);
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  socket.once('error', (error) => end(error.message));
  socket.once('close', () => end('closed'));

  const greeted = new Promise<void>((resolve, reject) => {
    socket.once('close', () => reject(ended ?? new Error('closed')));
    createInterface({ input: socket }).on('line', (line) => {
      const said = message.parse(JSON.parse(line));
      if (said.QMP !== undefined) resolve();
      else if (said.event !== undefined) for (const listener of [...listeners]) listener(said.event, said.data);
      else if (said.id !== undefined) {
        const asked = waiting.get(said.id);
        waiting.delete(said.id);
        if (said.error) asked?.reject(new GantryError('LAB_PART_FAILED', `qemu refused: ${said.error.desc}`));
        else asked?.resolve(said.return);
      }
    });
  });
  let last = 0;
  const run: Qmp['run'] = (execute, args) =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended);
      last += 1;
      waiting.set(last, { resolve, reject });
      socket.write(`${JSON.stringify({ execute, id: last, ...(args ? { arguments: args } : {}) })}\n`);
    });
  await greeted;
  await run('qmp_capabilities');
  return {
    run,
    event: (name, withinMs, wanted = () => true) =>
      new Promise((resolve, reject) => {
        const listener = (heard: string, data: unknown): void => {
          if (heard !== name || !wanted(data)) return;
          clearTimeout(late);
          listeners.delete(listener);
          resolve(data);
        };
        const late = setTimeout(() => {
          listeners.delete(listener);
          reject(new GantryError('LAB_PART_FAILED', `qemu's monitor: no ${name} within ${withinMs} ms`));
        }, withinMs);
        listeners.add(listener);
      }),
    close: () => socket.destroy(),
  };
}
