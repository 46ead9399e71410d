import { expect, test } from 'vitest';
import { describeWith } from '../../support/lab.ts';
import { edgeRig } from '../../support/edge-rig.ts';

await describeWith(['s3'], 'WAF', () => {
  const rig = edgeRig();
  const resource = (name: string) =>
    `arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/${name}/50dc6c495c0c9188`;

  test('a web ACL is put before a resource, seen there, and taken away', async () => {
    const waf = rig.waf();
    const acl = await rig.webAcl('us-east-1', 'shield');
    expect(await waf.webAclOf(resource('a'))).toBeUndefined();
    await waf.associate(acl, resource('a'));
    expect(await waf.webAclOf(resource('a'))).toBe(acl);
    expect(await waf.webAclOf(resource('b'))).toBeUndefined();
    await waf.disassociate(resource('a'));
    expect(await waf.webAclOf(resource('a'))).toBeUndefined();
  });

  test.each([
    ['WAFNonexistentItemException', 'AWS_MISSING'],
    ['WAFUnavailableEntityException', 'AWS_MISSING'],
    ['WAFLimitsExceededException', 'AWS_QUOTA'],
    ['WAFInternalErrorException', 'AWS_UNREACHABLE'],
  ])('%s is %s', async (code, expected) => {
    rig.ec2.fault('AssociateWebACL', { status: 400, code, message: 'in words' });
    await expect(rig.waf().associate('arn:aws:wafv2:none', resource('c'))).rejects.toMatchObject({ code: expected });
  });

  test('nothing is sent that must not be', async () => {
    const beforeChange = () => {
      throw new Error('another process has the attempt');
    };
    rig.ec2.forget();
    await expect(rig.waf('us-east-1', { beforeChange }).disassociate(resource('a'))).rejects.toThrow();
    expect(rig.ec2.actions).toEqual([]);
  });
});
