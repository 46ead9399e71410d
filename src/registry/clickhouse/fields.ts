import { z } from 'zod';
import { name } from '../fields.ts';

// What the inputs of several kinds of ClickHouse have.
export const cluster = name.describe('The ClickHouse cluster, by its name in the platform file.');
export const table = name.describe('The table in full, `database.table`, as in the platform file.');
/** By its number in the platform file. */
export const shard = z.int().min(1);
export const target = { name: 'cluster', help: 'the ClickHouse cluster, by its name in the platform file' };
