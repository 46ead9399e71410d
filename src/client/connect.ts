import { Client, Connection } from '@temporalio/client';
import { GantryError } from '../errors/index.ts';
import type { ConnectionSettings } from '../settings/index.ts';
import { whyNobody } from './reachable.ts';
import { serverError } from './server-error.ts';

/** Long enough for a server across an ocean, short enough for a person who waits. */
const connectTimeoutMs = 4_000;

/** gRPC's own pauses grow to two minutes: whoever follows a run wants to see it as soon as the server is back. */
const reconnectMs = 2_000;

/**
 * A client of the Temporal server. Close it with `client.connection.close()`.
 * @throws GantryError NO_SERVER within a few seconds when nothing answers, SERVER_REFUSED when it refuses the credentials.
 */
export async function connect(settings: ConnectionSettings): Promise<Client> {
  const { address, namespace, options } = settings;
  const nobody = await whyNobody(address);
  if (nobody !== undefined) throw noServer(settings, nobody);
  try {
    const channelArgs = { 'grpc.max_reconnect_backoff_ms': reconnectMs };
    const connection = await Connection.connect({ ...options, channelArgs, connectTimeout: connectTimeoutMs });
    return new Client({ connection, namespace });
  } catch (error) {
    const known = serverError(error);
    if (known?.code === 'SERVER_REFUSED') throw known;
    throw noServer(settings, known?.message ?? String(error), error);
  }
}

function noServer({ address, namespace, options }: ConnectionSettings, said: string, cause?: unknown): GantryError {
  return new GantryError('NO_SERVER', `no Temporal server answers at ${address}`, {
    evidence: { address, namespace, tls: Boolean(options.tls), said },
    cause,
  });
}

/** Connects, runs `use`, and closes whatever comes of it. */
export async function withClient<T>(settings: ConnectionSettings, use: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect(settings);
  try {
    return await use(client);
  } finally {
    await client.connection.close();
  }
}
