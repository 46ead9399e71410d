import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/platform/digest.ts';
import { platformJsonSchema } from '../../src/platform/index.ts';
import { parseDuration, parseSize } from '../../src/platform/schema/units.ts';

describe('durations and sizes of the file', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['15m', 900_000],
    ['1.5h', 5_400_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
  ])('reads %s as %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    ['512B', 512],
    ['500GB', 500e9],
    ['4TB', 4e12],
    ['1MiB', 2 ** 20],
    ['16GiB', 2 ** 34],
  ])('reads %s as %i bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', '15', 'm', '15 m', '-1s', '1h30m', '1w', '1e3s', `${'9'.repeat(20)}d`])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
    expect(parseSize(text)).toBeUndefined();
  });

  it('never reads anything but a whole number of milliseconds', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('ms', 's', 'm', 'h', 'd'), (number, unit) => {
        const ms = parseDuration(`${number}${unit}`);
        return ms === undefined || (Number.isSafeInteger(ms) && ms >= 0);
      }),
    );
  });
});

describe('the digest', () => {
  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        return digestOf(value) === digestOf(reversed);
      }),
    );
  });
});

describe('the JSON schema', () => {
  it('has secret references only under keys that withoutSecrets takes out', () => {
    const schema = platformJsonSchema() as Schema;
    expect(new Set(secretKeys(schema, schema))).toEqual(
      new Set(['accessKeyId', 'password', 'privateKey', 'secretAccessKey', 'sessionToken', 'token']),
    );
  });

  it('describes the file as it is written, not as it is parsed', () => {
    const text = JSON.stringify(platformJsonSchema());
    expect(text).toContain('"lagLimit"');
    expect(text).not.toContain('lagLimitBytes');
  });

  it('refuses unknown keys', () => {
    expect(platformJsonSchema()['additionalProperties']).toBe(false);
  });
});

type Schema = { $ref?: string; $defs?: Record<string, Schema>; anyOf?: Schema[]; properties?: Record<string, Schema> };

/** The keys, anywhere in `root`, whose value may be `{ env: … }`. */
function secretKeys(root: Schema, part: unknown): string[] {
  if (typeof part !== 'object' || part === null) return [];
  const { properties } = part as Schema;
  const here = Object.entries(properties ?? {}).filter(([, held]) =>
    resolved(root, held).anyOf?.some((option) => 'env' in (resolved(root, option).properties ?? {})),
  );
  return [...here.map(([key]) => key), ...Object.values(part).flatMap((below) => secretKeys(root, below))];
}

function resolved(root: Schema, schema: Schema): Schema {
  const target = schema.$ref && root.$defs?.[schema.$ref.replace('#/$defs/', '')];
  return target ? resolved(root, target) : schema;
}
