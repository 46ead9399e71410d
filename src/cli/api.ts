import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { createApi, loadAccess, signerFrom } from '../api/index.ts';
import { auditFolder, folderAudit } from '../audit/index.ts';
import { loadPlatform } from '../platform/index.ts';
import { createLog } from '../telemetry/log.ts';
import type { CliContext } from './context.ts';
import type { GlobalOptions } from './options.ts';
import { globals, withServer } from './options.ts';
import { remark } from './output.ts';

type ApiFlags = GlobalOptions & { port: number; host: string };

const defaultPort = 8_470;

/** `gantry api`: serves the HTTP API until it is interrupted. */
export function addApi(program: Command, context: CliContext): void {
  program
    .command('api')
    .description('Serve the HTTP API until interrupted (docs/api.md)')
    .option('--port <port>', 'the port to listen on', portOf, defaultPort)
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .action(async (_options: unknown, self: Command) => {
      const flags = globals(self) as ApiFlags;
      await withServer(context, flags, async (client, settings) => {
        const { taskQueue, platformPath, accessPath, approvalKeyPath, logLevel } = settings;
        // An API that refuses everybody from its first request on is better not started.
        loadAccess(accessPath);
        const { reports } = loadPlatform(platformPath).platform;
        const api = await createApi({
          ...{ client, taskQueue, log: createLog(logLevel) },
          audit: folderAudit(auditFolder(reports.folder)),
          ...(approvalKeyPath === undefined ? {} : { signer: await signerFrom(approvalKeyPath) }),
          access: () => loadAccess(accessPath),
          platform: () => loadPlatform(platformPath),
        });
        const address = await api.listen({ port: flags.port, host: flags.host });
        remark(context, [`the API listens at ${address}; GET ${address}/v1/openapi.json describes it`]);
        await new Promise<void>((resolve) => {
          if (context.interrupted.aborted) return resolve();
          context.interrupted.addEventListener('abort', () => resolve(), { once: true });
          process.once('SIGTERM', () => resolve());
        });
        await api.close();
      });
    });
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a port, 0 to 65535.');
}
