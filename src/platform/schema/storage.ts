import { z } from 'zod';
import { medium } from './machine.ts';
import { chosen, mapOf, name, text } from './names.ts';
import { duration, rename } from './units.ts';

const day = 86_400_000;

/** Object storage ages in whole days. */
const days = duration.refine((ms) => ms > 0 && ms % day === 0, { error: 'must be whole days, at least one' });

const tier = z.strictObject({
  medium: z.enum([...medium.options, 'glacier']),
  temperature: z.enum(['hot', 'warm', 'cold']),
  holds: z.array(text).min(1),
});

const service = z.strictObject({ kind: z.enum(['block', 'object', 'file']), ...chosen.shape, tier: name });

const move = z.strictObject({ what: text, from: name, to: name, after: days }).transform(rename({ after: 'afterMs' }));

const ageRule = z
  .strictObject({
    after: days,
    to: z.enum(['STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR', 'GLACIER', 'DEEP_ARCHIVE']),
    versions: z.enum(['all', 'noncurrent']).default('all'),
  })
  .transform(rename({ after: 'afterMs' }));

const bucket = z.strictObject({
  region: name,
  purpose: text,
  ageRules: z.array(ageRule).default([]).describe('Storage class by age, youngest first.'),
});

/** Storage tiers, the services on them, what moves between them by age, and the buckets. */
export const storage = z.strictObject({
  tiers: mapOf(tier),
  services: mapOf(service),
  moves: z.array(move).default([]),
  buckets: mapOf(bucket),
});
