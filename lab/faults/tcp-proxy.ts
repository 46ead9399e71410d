import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { GantryError } from '../../src/errors/index.ts';

export type TcpProxyOptions = {
  target: { host: string; port: number };
  /** Default: a free one. */
  listenPort?: number;
};

export type TcpProxy = {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Every piece of data, in both directions, arrives so much later. Order is kept. 0 undoes it. */
  delay(ms: number): void;
  /** A black hole: connections stay and open, bytes are swallowed both ways. Those that lost some are reset by `heal()`. */
  drop(): void;
  /** A partition that heals: bytes are held both ways, and delivered by `heal()`. */
  hold(): void;
  /** Resets every connection and refuses new ones. */
  cut(): Promise<void>;
  /** Ends delay, drop, hold and cut. */
  heal(): Promise<void>;
  stop(): Promise<void>;
};

type Link = { client: Socket; upstream: Socket; lossy: boolean };
type Mode = 'pass' | 'drop' | 'hold';

/**
 * A TCP proxy in front of one part, whose network can be made bad.
 * @throws GantryError LAB_PART_FAILED when it cannot listen
 */
export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const links = new Set<Link>();
  const held: (() => void)[] = [];
  let mode: Mode = 'pass';
  let delayMs = 0;

  const pump = (link: Link, from: Socket, to: Socket): void => {
    // One queue for data and the end of it, so that a delayed byte is never overtaken.
    const later = (act: () => void): void => {
      if (mode === 'drop') link.lossy = true;
      else if (mode === 'hold') held.push(act);
      else if (delayMs > 0) setTimeout(act, delayMs);
      else act();
    };
    from.on('data', (chunk: Buffer) => later(() => to.writable && to.write(chunk)));
    from.on('end', () => later(() => to.end()));
    from.on('error', () => undefined);
    from.on('close', (hadError) => {
      if (hadError && mode === 'pass') to.resetAndDestroy();
      else later(() => to.end());
    });
  };

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ ...options.target, allowHalfOpen: true, noDelay: true });
    const link: Link = { client, upstream, lossy: false };
    links.add(link);
    pump(link, client, upstream);
    pump(link, upstream, client);
    const ended = (): void => void (client.destroyed && upstream.destroyed && links.delete(link));
    client.once('close', ended);
    upstream.once('close', ended);
  });

  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', (cause) => reject(new GantryError('LAB_PART_FAILED', 'proxy cannot listen', { cause })));
      server.listen(port, '127.0.0.1', () => resolve());
    });
  const reset = (which: (link: Link) => boolean): void => {
    for (const link of links) {
      if (!which(link)) continue;
      link.client.resetAndDestroy();
      link.upstream.destroy();
      links.delete(link);
    }
  };
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => (server.listening ? server.close(() => resolve()) : resolve()));
    reset(() => true);
    await closed;
  };

  await listen(options.listenPort ?? 0);
  const { port } = server.address() as AddressInfo;
  return {
    host: '127.0.0.1',
    port,
    delay: (ms) => void (delayMs = ms),
    drop: () => void (mode = 'drop'),
    hold: () => void (mode = 'hold'),
    cut: close,
    async heal() {
      mode = 'pass';
      delayMs = 0;
      reset((link) => link.lossy);
      for (const act of held.splice(0)) act();
      if (!server.listening) await listen(port);
    },
    stop: close,
  };
}
