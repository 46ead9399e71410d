import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GantryError } from '../../errors/index.ts';
import type { Notice } from '../../runs/index.ts';

/** Where people are told: a webhook, a file, both or neither. The token is resolved, never the reference. */
export type NotifyTarget = { webhook?: { url: string; token?: string }; file?: string };

/** Tells people. */
export type Notifier = (notice: Notice) => Promise<void>;

const timeoutMs = 5_000;

/**
 * Posts each notice as JSON to the webhook and appends it as a line to the file.
 * @throws GantryError UNEXPECTED (retryable) when the webhook refuses or can't be reached.
 */
export function createNotifier(target: NotifyTarget): Notifier {
  return async (notice) => {
    const body = JSON.stringify({ at: new Date().toISOString(), ...notice });
    if (target.file) {
      await mkdir(dirname(target.file), { recursive: true });
      await appendFile(target.file, `${body}\n`);
    }
    if (target.webhook) await post(target.webhook, body);
  };
}

async function post({ url, token }: { url: string; token?: string }, body: string): Promise<void> {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(timeoutMs) });
  if (!answer.ok) throw new GantryError('UNEXPECTED', `the notification webhook answered ${answer.status}`);
}
