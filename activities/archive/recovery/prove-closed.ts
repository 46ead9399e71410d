import type { Probe } from '../../../src/steps/index.ts';
import { blocked, defineStep, done } from '../../../src/steps/index.ts';
import type { RecoveryDeps } from './access.ts';
import { asStep, withTables } from './access.ts';

export type Closed = { tried: number; open: readonly string[]; unknown: readonly string[] };

const shown = 10;

/**
 * Proves that staging cannot reach production: it is made to try, and must fail. What cannot be told counts as open. It is proven
 * each time before anything is put there: a rule that held last week may be gone.
 */
export const proveClosed = defineStep<{ archive: string }, Closed, RecoveryDeps>({
  name: 'archive.prove-closed',
  probe: async ({ archive }, { recovery }, context): Promise<Probe<Closed>> => {
    const access = await recovery(archive);
    if (access.closedBy) {
      const { confirmed, evidence } = await access.closedBy.confirm(context.signal);
      const seen = { tried: 1, open: confirmed ? [] : [evidence], unknown: [] };
      return confirmed
        ? done(seen, 'the program of the platform file confirms that staging is closed')
        : blocked('ARCHIVE_STAGING_UNPROVEN', seen, `the program does not confirm that staging is closed: ${evidence}`);
    }
    if (access.config.staging?.clickhouse === undefined) {
      const seen = { tried: 0, open: [], unknown: [] };
      const message = 'a Redis node cannot be asked what it reaches: `staging.closed` must name a program';
      return blocked('ARCHIVE_STAGING_UNPROVEN', seen, message);
    }
    return withTables(access.staging(asStep(context)), async (server) => {
      const open: string[] = [];
      const unknown: string[] = [];
      for (const { name, host, port } of access.production) {
        const { reach, why } = await server.reaches(host, port);
        if (reach === 'open') open.push(`${name} (${host}:${port}): ${why}`);
        if (reach === 'unknown') unknown.push(`${name} (${host}:${port}): ${why}`);
      }
      const seen = { tried: access.production.length, open: open.slice(0, shown), unknown: unknown.slice(0, shown) };
      if (open.length > 0)
        return blocked('ARCHIVE_STAGING_OPEN', seen, `staging reaches ${open.slice(0, shown).join('; ')}`);
      if (unknown.length > 0)
        return blocked('ARCHIVE_STAGING_UNPROVEN', seen, `it cannot be told for ${unknown.slice(0, shown).join('; ')}`);
      return done(seen, `staging tried ${access.production.length} addresses of production and reached none`);
    });
  },
});
