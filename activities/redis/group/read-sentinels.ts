import { GantryError } from '../../../src/errors/index.ts';
import type { SentinelNode } from '../../../src/drivers/sentinel/index.ts';
import type { SentinelFacts, SentinelReading } from '../../../src/planning/redis/index.ts';
import type { SentinelAccess } from '../access/sentinels.ts';

/** What every Sentinel of the platform file says now. One that does not answer is a fact, not an error. */
export async function readSentinels(access: SentinelAccess): Promise<SentinelFacts[]> {
  return Promise.all(
    access.endpoints.map(async (at): Promise<SentinelFacts> => {
      const name = at.host.includes(':') ? `[${at.host}]:${at.port}` : `${at.host}:${at.port}`;
      let sentinel: SentinelNode | undefined;
      try {
        sentinel = await access.connect(at);
        return { name, reading: await readingOf(access, sentinel) };
      } catch (error) {
        if (!(error instanceof GantryError)) throw error;
        return { name, problem: { code: error.code, message: error.message } };
      } finally {
        sentinel?.close();
      }
    }),
  );
}

async function readingOf(access: SentinelAccess, sentinel: SentinelNode): Promise<SentinelReading> {
  const { master } = access;
  const { isDown, failoverInProgress, configEpoch, downAfterMs, failoverTimeoutMs } = await sentinel.state(master);
  const address = await sentinel.primaryAddress(master);
  const [tilt, quorum, offersCoordinated] = await Promise.all([
    sentinel.tilt(),
    sentinel.ckquorum(master),
    sentinel.offersCoordinated(),
  ]);
  return {
    primary: await access.spelling(address),
    isDown,
    failoverInProgress,
    tilt,
    hasQuorum: quorum.ok,
    quorumAnswer: quorum.answer,
    configEpoch,
    downAfterMs,
    failoverTimeoutMs,
    offersCoordinated,
  };
}
