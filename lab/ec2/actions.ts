/** A request as the proxy before moto has it. */
export type LabRequest = { method: string; path: string; target: string | undefined; body: string };

/**
 * The name of the action that a request of AWS asks for. EC2 and Elastic Load Balancing have it among the parameters, WAF in a header;
 * Route 53 has none: its paths say it, and a question is a `Get`.
 */
export function actionOf({ method, path, target, body }: LabRequest): string {
  if (target) return target.split('.').at(-1) ?? '';
  const named = new URLSearchParams(body).get('Action');
  if (named !== null) return named;
  if (method === 'GET') return `Get ${path.split('?')[0] ?? ''}`;
  return route53.find(([verb, pattern]) => verb === method && pattern.test(path))?.[2] ?? '';
}

const route53 = [
  ['POST', /\/rrset\/?$/, 'ChangeResourceRecordSets'],
  ['POST', /\/healthcheck$/, 'CreateHealthCheck'],
  ['DELETE', /\/healthcheck\/[^/]+$/, 'DeleteHealthCheck'],
  ['POST', /\/tags\/healthcheck\/[^/]+$/, 'ChangeTagsForResource'],
  ['POST', /\/hostedzone$/, 'CreateHostedZone'],
] as const;

/** Whether an action changes something. */
export function isWrite(action: string): boolean {
  return !/^(Describe|Get|List)/.test(action);
}

/** What a request is about: the name that Gantry gives what it makes, or else the id of what it changes. */
export function nameIn(body: string): string {
  const parameters = new URLSearchParams(body);
  const all = [...parameters];
  const at = all.find(([, value]) => value === 'gantry:name')?.[0].replace(/Key$/, 'Value');
  const named = at === undefined ? undefined : parameters.get(at);
  return named ?? all.find(([key]) => /Id$/.test(key))?.[1] ?? '';
}

/** A refusal in the form of the service that was asked. */
export function refusal(
  { target, body, path }: LabRequest,
  { code, message }: { code: string; message: string },
): { type: string; text: string } {
  if (target) return { type: 'application/x-amz-json-1.1', text: JSON.stringify({ __type: code, message }) };
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
  const isEc2 = !/^\/2013-04-01\//.test(path) && new URLSearchParams(body).get('Version') === '2016-11-15';
  const text = isEc2
    ? `<Response><Errors>${error}</Errors><RequestID>r</RequestID></Response>`
    : `<ErrorResponse>${error}<RequestId>r</RequestId></ErrorResponse>`;
  return { type: 'text/xml', text: `<?xml version="1.0"?>${text}` };
}
