import { describe, expect, it } from 'vitest';
import { recordPath } from '../../../activities/host/identity/record.ts';
import { verifyIdentity } from '../../../activities/host/identity/verify-identity.ts';
import { doStep, playedContext, playHost } from '../../support/played-host.ts';

const of = { serial: 'T1', generation: 1 };

describe('host.verify-identity', () => {
  it('has the host keep its generation, once', async () => {
    const host = playHost();
    expect(await doStep(verifyIdentity, of, host.deps)).toMatchObject({ changed: true, before: { record: null } });
    expect(JSON.parse(host.files.get(recordPath) ?? '')).toEqual({ serial: 'T1', generation: 1 });
    expect(await doStep(verifyIdentity, of, host.deps)).toMatchObject({ changed: false });
  });

  it.each([
    ['another serial number', 'T2', 'HOST_OTHER_SERIAL'],
    ['a text that many machines share', 'To be filled by O.E.M.', 'HOST_SERIAL_PLACEHOLDER'],
    ['no serial number', '', 'HOST_SERIAL_PLACEHOLDER'],
  ])('refuses a host whose firmware has %s', async (_what, serial, code) => {
    const host = playHost();
    host.files.set('/sys/class/dmi/id/product_serial', `${serial}\n`);
    await expect(doStep(verifyIdentity, of, host.deps)).rejects.toMatchObject({ code });
    expect(host.files.has(recordPath)).toBe(false);
  });

  it.each([
    ['of another machine', JSON.stringify({ serial: 'T2', generation: 1 })],
    ['of another generation than planned', JSON.stringify({ serial: 'T1', generation: 2 })],
    ['that cannot be read', '{"serial": "T1"'],
  ])('refuses a record %s, and leaves it', async (_what, text) => {
    const host = playHost();
    host.files.set(recordPath, text);
    await expect(doStep(verifyIdentity, of, host.deps)).rejects.toMatchObject({ code: 'HOST_STATE_FOREIGN' });
    expect(host.files.get(recordPath)).toBe(text);
  });

  it('finds its work done when the answer to the write was lost', async () => {
    const host = playHost();
    host.cut('write-file', 'after');
    await expect(doStep(verifyIdentity, of, host.deps)).rejects.toMatchObject({ code: 'SSH_FAILED' });
    expect(await doStep(verifyIdentity, of, host.deps)).toMatchObject({ changed: false });
  });

  it('does not overwrite a record that came between the look and the write', async () => {
    const host = playHost();
    const seen = await verifyIdentity.probe(of, host.deps, playedContext());
    host.files.set(recordPath, JSON.stringify({ serial: 'T1', generation: 7 }));
    await expect(verifyIdentity.apply?.(of, seen.observed, host.deps, playedContext())).rejects.toMatchObject({
      code: 'HOST_FILE_CHANGED',
    });
  });

  it('is undone only where this run wrote the record', async () => {
    const host = playHost();
    const { before } = await doStep(verifyIdentity, of, host.deps);
    const again = await doStep(verifyIdentity, of, host.deps);
    await verifyIdentity.undo?.(of, again.before, host.deps, playedContext());
    expect(host.files.has(recordPath)).toBe(true);
    await verifyIdentity.undo?.(of, before, host.deps, playedContext());
    expect(host.files.has(recordPath)).toBe(false);
  });
});
