import type { Command } from 'commander';
import { approve, runStatus } from '../client/index.ts';
import { GantryError } from '../errors/index.ts';
import type { ActFlags } from './act.ts';
import { showDecided } from './act.ts';
import { approveShown, askApproval, showPlan } from './approval.ts';
import type { CliContext } from './context.ts';
import { canAsk } from './context.ts';
import { asOption, globals, withServer } from './options.ts';
import { remark } from './output.ts';

type ApproveFlags = ActFlags & { planHash?: string; note?: string };

/** `gantry approve <id>`: the plan is shown first, and the approval is bound to its hash. */
export function addApprove(program: Command, context: CliContext): void {
  program
    .command('approve')
    .description('Approve the plan of a run that waits for it')
    .argument('<id>', 'the run, by the id that `gantry runs` shows')
    .option('--plan-hash <hash>', 'the plan that is approved; without it the plan is shown and you are asked')
    .option('--note <text>', 'for the record')
    .addOption(asOption(context))
    .action(async (id: string, _options: unknown, self: Command) => {
      const flags = globals(self) as ApproveFlags;
      await withServer(context, flags, async (client) => {
        const { as: by, note, planHash, json } = flags;
        if (planHash === undefined && (json || !canAsk(context)))
          throw new GantryError(
            'USAGE',
            '--plan-hash is needed where Gantry cannot ask you (no terminal, or --json): `gantry run <id>` shows it',
          );
        const { status } = await runStatus(client, id);
        if (!json) showPlan(context, status);
        if (planHash !== undefined) {
          const request = { planHash, by, ...(note === undefined ? {} : { note }) };
          return showDecided(context, 'approve', await approve(client, id, request), flags);
        }
        if (status.state === 'awaiting-approval' && !(await askApproval(context, status))) {
          remark(context, [`not approved: ${status.workflowId} waits on`]);
          return;
        }
        // In any other state the run itself says why there is nothing to approve.
        showDecided(
          context,
          'approve',
          await approveShown(client, status, { by, ...(note === undefined ? {} : { note }) }),
          flags,
        );
      });
    });
}
