import { Client } from 'ssh2';
import { GantryError } from '../../src/errors/index.ts';

export type Ran = { code: number; stdout: string; stderr: string };

export type ShellOptions = {
  port: number;
  /** OpenSSH's form. */
  privateKey: string;
  /** The guest's public host key, base64, which every connection must show. */
  hostKey: string;
};

/** What a command may take before the lab gives up on it; a guest without acceleration shares two cores with the tests. */
const commandWithinMs = 180_000;
const loginWithinMs = 30_000;

/**
 * Runs one command in a guest over a connection of its own, as root: the lab's own way in, apart from the one under test.
 * @throws GantryError LAB_PART_FAILED when the guest does not answer, or not in time
 */
export function runInGuest(options: ShellOptions, command: string, withinMs = commandWithinMs): Promise<Ran> {
  const { port, privateKey, hostKey } = options;
  return new Promise((resolve, reject) => {
    const client = new Client();
    let otherKey = false;
    const fail = (why: string): void => {
      clearTimeout(late);
      client.destroy();
      reject(new GantryError('LAB_PART_FAILED', `the guest on port ${port}: ${why}`));
    };
    const late = setTimeout(() => fail(`no end of "${command}" within ${withinMs} ms`), withinMs);
    client.on('error', (error) => fail(otherKey ? 'its host key is not the one that is pinned' : error.message));
    client.on('close', () => fail('the connection was closed'));
    client.on('ready', () => {
      client.exec(command, (error, channel) => {
        if (error) return fail(error.message);
        const out: Buffer[] = [];
        const err: Buffer[] = [];
        channel.on('data', (piece: Buffer) => out.push(piece));
        channel.stderr.on('data', (piece: Buffer) => err.push(piece));
        channel.on('close', (code: number | null, signal?: string) => {
          clearTimeout(late);
          client.end();
          if (code === null) return fail(`"${command}" was ended by ${signal ?? 'something'}`);
          resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
        });
        channel.end();
      });
    });
    client.connect({
      ...{ host: '127.0.0.1', port, username: 'root', privateKey, readyTimeout: loginWithinMs },
      hostVerifier: (key: Buffer) => {
        otherKey = key.toString('base64') !== hostKey;
        return !otherKey;
      },
    });
  });
}
