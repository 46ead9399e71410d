import type { AuditLog } from '../../src/audit/index.ts';
import { GantryError } from '../../src/errors/index.ts';
import type { LoadedPlatform } from '../../src/platform/index.ts';
import type { Approval, ApprovalCall, ControlActivities } from '../../src/runs/index.ts';
import { approvalTokens } from '../../src/runs/index.ts';
import { plainActivity } from '../../src/steps/index.ts';
import { readToken } from './tokens.ts';

/** Whether an approval counts. What is refused is written to the audit before it is refused; what counts the run writes. */
export function createVerifyApproval(
  platform: LoadedPlatform,
  audit: AuditLog,
  now: () => number = Date.now,
): ControlActivities['verifyApproval'] {
  return plainActivity(async (call) => {
    try {
      return await verified(platform, call, now());
    } catch (error) {
      // The history has the refusal too: that of the approval counts, not that of the audit.
      if (error instanceof GantryError) await audit.append(refusal(call, error)).catch(() => undefined);
      throw error;
    }
  });
}

async function verified(platform: LoadedPlatform, call: ApprovalCall, at: number): Promise<Approval> {
  const { binding, planHash, by, token, requester, used } = call;
  if (token === undefined) throw new GantryError('APPROVAL_UNSIGNED', 'the approval has no token of the API');
  const { claims, keyId } = await readToken(platform, token, approvalTokens, at);
  const wanted: Record<string, string> = { ...binding };
  const other = Object.keys(wanted).find((claim) => claims[claim] !== wanted[claim]);
  if (other !== undefined) throw forAnother(other, wanted[other], claims[other]);
  if (planHash !== binding.planHash) throw forAnother('planHash', binding.planHash, planHash);
  if (claims.sub !== by) throw forAnother('person', claims.sub, by);
  if (used.includes(claims.jti))
    throw new GantryError('APPROVAL_TOKEN_USED', `this token of ${claims.sub} has been used`, {
      evidence: { tokenId: claims.jti },
    });
  if (claims.sub === requester)
    throw new GantryError('APPROVAL_OWN', `${claims.sub} asked for this run and does not approve it`, {
      evidence: { person: claims.sub },
    });
  return { person: claims.sub, tokenId: claims.jti, keyId };
}

function forAnother(what: string, wanted: unknown, found: unknown): GantryError {
  const message = `the token does not fit: ${what} is ${String(found)}, here it is ${String(wanted)}`;
  return new GantryError('APPROVAL_FOR_ANOTHER', message, { evidence: { what, wanted, found } });
}

function refusal({ binding, kind, target, by }: ApprovalCall, { code, message }: GantryError) {
  const { workflowId, runId, planHash } = binding;
  const where = { kind, target, workflowId, runId, planHash, state: 'awaiting-approval' };
  return { by, act: 'approve', outcome: 'refused', via: 'run', code, reason: message, ...where } as const;
}
