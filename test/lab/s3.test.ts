import { expect, test } from 'vitest';
import { describeWith } from '../support/lab.ts';
import { putOf, s3Rig, whole } from '../support/s3-rig.ts';

await describeWith(['s3'], 'the object store of the lab', () => {
  const rig = s3Rig();

  test('ages what lies below a prefix: the same versions, cold, and cold again after a thaw', async () => {
    const store = await rig.bucket();
    const content = Buffer.from('rows');
    const cold = await store.put(putOf('data/one', content));
    const warm = await store.put(putOf('meta/one', content));
    expect(await rig.s3.age(store.bucket, 'data/', 'GLACIER')).toBe(1);
    const seen = () => store.head(cold.key, cold.versionId);
    expect(await seen()).toMatchObject({ ...cold, storageClass: 'GLACIER', thaw: { state: 'cold' } });
    expect(await store.head(warm.key)).toMatchObject({ ...warm, storageClass: 'STANDARD', thaw: { state: 'warm' } });

    await rig.s3.thawAfter(Infinity);
    expect(await store.restoreObject(cold, { days: 1, tier: 'Standard' })).toBe('accepted');
    for (let look = 0; look < 5; look += 1) expect((await seen())?.thaw.state).toBe('thawing');
    expect(await rig.s3.thawed(store.bucket, 'data/')).toBe(1);
    expect((await seen())?.thaw.state).toBe('thawed');
    await rig.s3.age(store.bucket, 'data/', 'DEEP_ARCHIVE');
    expect(await seen()).toMatchObject({ storageClass: 'DEEP_ARCHIVE', thaw: { state: 'cold' } });
    const [{ size, sha256 }] = [putOf('data/one', content)];
    await expect(whole(store.get(cold, { size, sha256 }))).rejects.toMatchObject({ code: 'S3_OBJECT_COLD' });
  });
});
