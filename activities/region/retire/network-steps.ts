import { attachGateway } from '../network/attach-gateway.ts';
import { makeNat } from '../network/make-nat.ts';
import { makeVpc } from '../network/make-vpc.ts';
import { takeAway } from './take-away.ts';

/** Removes the NAT gateway of a zone, and releases its address: AWS may give it to another account. */
export const removeNat = takeAway(makeNat, {
  name: 'region.remove-nat',
  nothing: { nat: null, state: null, address: null },
  isThere: ({ nat, address }) => nat !== null || address !== null,
});

/** Removes the internet gateway of a region. EC2 refuses while an address in the VPC is open to the internet. */
export const removeGateway = takeAway(attachGateway, {
  name: 'region.remove-gateway',
  nothing: { id: null, attached: false },
  isThere: ({ id }) => id !== null,
});

/** Removes the VPC of a region. EC2 refuses while something is in it. */
export const removeVpc = takeAway(makeVpc, {
  name: 'region.remove-vpc',
  nothing: { id: null, cidr: null },
  isThere: ({ id }) => id !== null,
});
