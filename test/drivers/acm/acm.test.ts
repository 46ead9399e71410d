import { expect, test } from 'vitest';
import { labEc2Login } from '../../../lab/ec2/ec2.ts';
import { importCertificate } from '../../../lab/region/edge.ts';
import type { AwsOptions } from '../../../src/drivers/aws/index.ts';
import { connectAcm } from '../../../src/drivers/acm/index.ts';
import { ec2Rig } from '../../support/ec2-rig.ts';
import { describeWith, stopping } from '../../support/lab.ts';

await describeWith(['s3'], 'Certificate Manager', () => {
  const rig = ec2Rig();
  const region = 'eu-west-1';
  const acm = (options: AwsOptions = {}) => {
    const client = connectAcm({ region, endpoint: rig.ec2.endpoint }, labEc2Login, { firstPauseMs: 5, ...options });
    stopping({ stop: () => client.close() });
    return client;
  };

  test('a certificate is read with its names and its time', async () => {
    const names = ['api.example.net', '*.api.example.net'];
    const arn = await importCertificate({ endpoint: rig.ec2.direct, region, names, days: 40 });
    const found = await acm().certificate(arn);
    expect(found).toMatchObject({ status: 'ISSUED' });
    expect([...found.names].sort()).toEqual([...names].sort());
    const days = ((found.validUntilMs ?? 0) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(39);
    expect(days).toBeLessThan(40.1);
    expect(found.validFromMs).toBeLessThanOrEqual(Date.now());
  });

  test('one that is not there, and an account that may not look', async () => {
    const arn = 'arn:aws:acm:eu-west-1:123456789012:certificate/00000000-0000-0000-0000-000000000000';
    await expect(acm().certificate(arn)).rejects.toMatchObject({ code: 'AWS_MISSING' });
    rig.ec2.fault('DescribeCertificate', { status: 400, code: 'AccessDeniedException', message: 'no' });
    await expect(acm().certificate(arn)).rejects.toMatchObject({ code: 'AWS_NO_PERMISSION' });
  });

  test('an answer that was lost is asked for again', async () => {
    const arn = await importCertificate({ endpoint: rig.ec2.direct, region, names: ['api.example.net'] });
    rig.ec2.fault('DescribeCertificate', { reset: 'after' });
    expect(await acm().certificate(arn)).toMatchObject({ status: 'ISSUED', names: ['api.example.net'] });
  });
});
