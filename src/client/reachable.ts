import { connect } from 'node:net';

/** Variables that make gRPC go through a proxy: then our own look says nothing. */
const proxies = ['grpc_proxy', 'https_proxy', 'http_proxy', 'HTTPS_PROXY', 'HTTP_PROXY'];

/**
 * Why nobody can be at `address`, when the machine says so at once (refused, no such name): gRPC would go on trying until
 * its deadline. Undefined when there may be somebody.
 */
export async function whyNobody(address: string, waitMs = 1_000): Promise<string | undefined> {
  if (proxies.some((name) => process.env[name])) return undefined;
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(address.slice(colon + 1)), timeout: waitMs });
    const answer = (why?: string): void => {
      socket.destroy();
      resolve(why);
    };
    socket.once('connect', () => answer());
    socket.once('timeout', () => answer());
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const { code } = error;
      answer(code === 'ECONNREFUSED' || code === 'ENOTFOUND' ? code : undefined);
    });
  });
}
