/** Where a host answers, who Gantry is there, and which key proves that it is that host. */
export type SshTarget = {
  host: string;
  port: number;
  user: string;
  privateKey: string;
  /** The host's public key as `ssh-keyscan` prints it, `ssh-ed25519 AAAA…`: another one is refused. */
  hostKey: string;
  /** The host through which this one is reached (a bastion); its key is pinned too. */
  jump?: SshTarget;
};

/** How a remote command ended. `code` is null if a signal ended it. */
export type RemoteEnd = {
  code: number | null;
  stdout: string;
  stderr: string;
  /** From the request to the end of the command, the connection included where one had to be made. */
  ms: number;
  /** Whether the command printed more than was kept. */
  truncated: boolean;
};

export type RemoteOptions = {
  /** For the whole of it, the connection included. Afterwards the connection is thrown away. */
  timeoutMs: number;
  signal?: AbortSignal;
  /** Given to the command, then closed. Without it the command reads an empty standard input: a question is an error. */
  stdin?: string | Buffer;
  /** Of each of the two streams. Bytes, 16 KiB unless given. */
  outputLimit?: number;
};

/** Commands on one host. Every word of `argv` arrives there as it is. */
export type Ssh = {
  /** `user@host:port`, for messages. */
  readonly where: string;
  /** @throws SSH_FAILED: no connection, another host key, a refused login, a lost connection, no end in time */
  run(argv: readonly string[], options: RemoteOptions): Promise<RemoteEnd>;
};
