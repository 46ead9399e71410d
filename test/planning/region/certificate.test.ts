import { describe, expect, test } from 'vitest';
import type { CertificateFacts } from '../../../src/planning/region/index.ts';
import { certificateFlaws } from '../../../src/planning/region/index.ts';

const day = 86_400_000;
const nowMs = Date.parse('2026-12-01T12:00:00Z');
const names = {
  ...{ zone: 'Z1', own: 'eu-west-1.api.example.net' },
  ...{ group: 'eu.api.example.net', geoAlias: 'api.example.net' },
};
const good: CertificateFacts = {
  ...{ status: 'ISSUED', names: ['api.example.net', '*.api.example.net'] },
  ...{ validFromMs: nowMs - day, validUntilMs: nowMs + 90 * day },
};
const flaws = (change: Partial<CertificateFacts>, leastMs?: number): string =>
  certificateFlaws(names, { ...good, ...change }, leastMs === undefined ? { nowMs } : { nowMs, leastMs }).join('; ');

describe('a certificate', () => {
  test('that ACM has issued for both names, valid now, has no flaw', () => {
    expect(flaws({})).toBe('');
    expect(flaws({ names: ['api.example.net', 'eu-west-1.api.example.net'] })).toBe('');
  });

  test.each([
    ['that waits for its validation', { status: 'PENDING_VALIDATION' }, 'its status is PENDING_VALIDATION'],
    ['that was revoked', { status: 'REVOKED' }, 'its status is REVOKED'],
    ['whose wildcard does not cover the name above it', { names: ['*.api.example.net'] }, 'not for api.example.net'],
    ['whose wildcard is two labels up', { names: ['api.example.net', '*.example.net'] }, 'not for eu-west-1.api'],
    ['of another name', { names: ['example.org'] }, 'not for api.example.net, eu-west-1.api.example.net'],
    ['of no name', { names: [] }, 'it is for no name'],
    ['that is over', { validUntilMs: nowMs }, 'it was valid until 2026-12-01'],
    ['that is to come', { validFromMs: nowMs + day }, 'it is valid from 2026-12-02 on'],
  ])('%s is told', (_, change, words) => {
    expect(flaws(change)).toContain(words);
  });

  test('that ends soon has a flaw only where it has to last', () => {
    const soon = { validUntilMs: nowMs + 29.5 * day };
    expect(flaws(soon)).toBe('');
    expect(flaws(soon, 30 * day)).toBe('it is valid until 2026-12-31, 29 days more');
    expect(flaws({ validUntilMs: nowMs + 31 * day }, 30 * day)).toBe('');
  });

  test('tells all its flaws at once', () => {
    const all = certificateFlaws(names, { status: 'EXPIRED', names: [], validUntilMs: nowMs - day }, { nowMs });
    expect(all).toHaveLength(3);
  });
});
