import type { AcmCertificate } from '../../../src/drivers/acm/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { certificateFlaws } from '../../../src/planning/region/index.ts';
import type { RegionEdge } from '../../../src/runs/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import { blocked, done } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { withEdge } from '../access/with-edge.ts';

/**
 * Whether clients would take the certificate that the load balancer shows. It is its operator's: Gantry orders, renews and imports none.
 * @param leastMs how much longer it has to be valid.
 */
export function certificateFits(
  of: RegionEdge,
  arn: string,
  deps: RegionDeps,
  context: StepContext,
  leastMs: number,
): Promise<Probe<AcmCertificate | undefined>> {
  return withEdge(deps, of, context, async ({ acm }) => {
    let found: AcmCertificate;
    try {
      found = await acm.certificate(arn);
    } catch (error) {
      if (!(error instanceof GantryError) || error.code !== 'AWS_MISSING') throw error;
      return blocked('REGION_CERTIFICATE_UNFIT', undefined, `${of.region} has no certificate ${arn}`);
    }
    const flaws = certificateFlaws(of.names, found, { nowMs: Date.now(), leastMs });
    if (flaws.length > 0) return blocked('REGION_CERTIFICATE_UNFIT', found, `${arn}: ${flaws.join('; ')}`);
    const until = found.validUntilMs === undefined ? '' : `, until ${new Date(found.validUntilMs).toISOString()}`;
    return done(found, `${arn} is valid for ${found.names.join(', ')}${until}`);
  });
}
