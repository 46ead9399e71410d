import { Agent, get } from 'node:http';
import { z } from 'zod';
import { pause } from '../clock.ts';

export type Primary = { host: string; port: number };

/** One open question to discovery for all writers of a process: "tell me when the epoch rises". */
export type PrimaryWatch = {
  /** What discovery said last; undefined until it has answered once. */
  current(): Primary | undefined;
  /** Resolves as soon as discovery names another primary, at the latest after `withinMs`. */
  news(withinMs: number): Promise<void>;
  onNews(listen: (primary: Primary) => void): void;
  stop(): void;
};

const answer = z.object({ primary: z.object({ host: z.string(), port: z.int() }), epoch: z.int() });

/** Follows a group's primary by long poll, a new question as soon as one is answered; for ever, until stopped. */
export function watchPrimary(discoveryUrl: string, group: string): PrimaryWatch {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const stopping = new AbortController();
  const waiting = new Set<() => void>();
  const listeners: ((primary: Primary) => void)[] = [];
  let primary: Primary | undefined;
  let epoch = -1;

  const ask = async (): Promise<void> => {
    const url = `${discoveryUrl}/redis/${group}?after=${epoch}&waitMs=10000`;
    const told = answer.parse(JSON.parse(await fetchText(url, agent, stopping.signal)));
    epoch = told.epoch;
    if (told.primary.host === primary?.host && told.primary.port === primary.port) return;
    primary = told.primary;
    for (const listen of listeners) listen(primary);
    for (const wake of waiting) wake();
  };
  const follow = async (): Promise<void> => {
    while (!stopping.signal.aborted) await ask().catch(() => pause(5)); // discovery is away, or has no such group yet
  };
  void follow();

  return {
    current: () => primary,
    news: (withinMs) =>
      new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, withinMs);
        waiting.add(done);
      }),
    onNews: (listen) => void listeners.push(listen),
    stop() {
      stopping.abort();
      agent.destroy();
    },
  };
}

function fetchText(url: string, agent: Agent, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, signal, timeout: 15_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.once('error', reject);
      response.once('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text))));
    });
    request.once('timeout', () => request.destroy(new Error('no answer')));
    request.once('error', reject);
  });
}
