import { clickhouseErrors } from './catalogue/clickhouse.ts';
import { clickhouseMoveErrors } from './catalogue/clickhouse-move.ts';
import { clickhouseHealthErrors } from './catalogue/clickhouse-health.ts';
import { clickhousePlanningErrors } from './catalogue/clickhouse-planning.ts';
import { clickhouseShardErrors } from './catalogue/clickhouse-shards.ts';
import { clickhouseTierErrors } from './catalogue/clickhouse-tier.ts';
import { engineErrors } from './catalogue/engine.ts';
import type { CatalogueEntry } from './catalogue/entry.ts';
import { labErrors } from './catalogue/lab.ts';
import { platformErrors } from './catalogue/platform.ts';
import { redisErrors } from './catalogue/redis.ts';

/** Every error that Gantry can give. `docs/reference/errors.md` lists exactly these (a test compares). */
export const catalogue = {
  ...engineErrors,
  ...platformErrors,
  ...redisErrors,
  ...clickhouseErrors,
  ...clickhousePlanningErrors,
  ...clickhouseMoveErrors,
  ...clickhouseHealthErrors,
  ...clickhouseShardErrors,
  ...clickhouseTierErrors,
  ...labErrors,
};

export type ErrorCode = keyof typeof catalogue;

/** Whether `code` is in the catalogue. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(catalogue, code);
}

/** The catalogue's row of a code. */
export function entryOf(code: ErrorCode): CatalogueEntry {
  return catalogue[code];
}
