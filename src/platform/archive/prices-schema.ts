import { z } from 'zod';

const money = z.number().min(0);

/** S3's storage classes that Gantry writes to, reads from, or ages into. */
export const storageClasses = [
  'STANDARD',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
] as const;

const retrieval = z.strictObject({
  perGB: money.describe('Of data that is thawed.'),
  per1000: money.describe('Of requests to thaw.'),
});

/**
 * What the object store charges. No price is built in: they differ by region and contract, and they change. A price that is
 * left out counts as zero, and the plan says which ones it lacked.
 */
export const prices = z.strictObject({
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, { error: 'a currency is three capital letters such as USD' })
    .default('USD'),
  storage: z
    .partialRecord(z.enum(storageClasses), money)
    .default({})
    .describe('Per GB (10^9 bytes) and month, by storage class.'),
  requests: z
    .strictObject({ put: money.exactOptional(), get: money.exactOptional(), list: money.exactOptional() })
    .default({})
    .describe('Per 1,000 requests: `put` is PUT, COPY and POST, `get` is GET and HEAD.'),
  transferPerGB: money.exactOptional().describe('Out of the store to where the workers are.'),
  retrieval: z
    .strictObject({
      GLACIER: z
        .strictObject({
          Expedited: retrieval.exactOptional(),
          Standard: retrieval.exactOptional(),
          Bulk: retrieval.exactOptional(),
        })
        .exactOptional(),
      DEEP_ARCHIVE: z
        .strictObject({ Standard: retrieval.exactOptional(), Bulk: retrieval.exactOptional() })
        .exactOptional(),
    })
    .default({})
    .describe('Of a thaw, by storage class and tier.'),
});

export type ArchivePrices = z.output<typeof prices>;
