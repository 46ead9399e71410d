import {
  AssociateWebACLCommand,
  DisassociateWebACLCommand,
  GetWebACLForResourceCommand,
  WAFV2Client,
} from '@aws-sdk/client-wafv2';
import type { AwsCredentials, AwsEndpoint, AwsOptions } from '../aws/index.ts';
import { clientConfig, requestsOf } from '../aws/index.ts';

/** Which web ACL stands before a resource. A resource has one at the most. */
export type Waf = {
  /** The ARN of the web ACL before this resource, if there is one. */
  webAclOf(resource: string): Promise<string | undefined>;
  /** In place of the one that stands there, if one does: look first. */
  associate(webAcl: string, resource: string): Promise<void>;
  disassociate(resource: string): Promise<void>;
  close(): void;
};

/** WAF of one account in one region. Nothing is sent before the first verb. */
export function connectWaf(endpoint: AwsEndpoint, credentials?: AwsCredentials, options: AwsOptions = {}): Waf {
  const { ask, change, close } = requestsOf('AWS', new WAFV2Client(clientConfig(endpoint, credentials)), options);
  return {
    async webAclOf(resource) {
      const command = new GetWebACLForResourceCommand({ ResourceArn: resource });
      const { WebACL } = await ask(`GetWebACLForResource ${resource}`, (client, sent) => client.send(command, sent));
      return WebACL?.ARN;
    },
    async associate(webAcl, resource) {
      const command = new AssociateWebACLCommand({ WebACLArn: webAcl, ResourceArn: resource });
      await change(`AssociateWebACL ${webAcl} with ${resource}`, (client, sent) => client.send(command, sent));
    },
    async disassociate(resource) {
      const command = new DisassociateWebACLCommand({ ResourceArn: resource });
      await change(`DisassociateWebACL from ${resource}`, (client, sent) => client.send(command, sent));
    },
    close,
  };
}
