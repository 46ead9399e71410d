import type { CatalogueEntry } from './entry.ts';

/** Errors of the region domain: its plan, its network, its components and their gates. */
export const regionErrors = {
  REGION_UNKNOWN: {
    meaning: '`rollout.regions` of the platform file has no region of this name.',
    retryable: false,
    hint: 'Correct the name, or describe the region under `rollout.regions`; `gantry platform check`.',
  },
  REGION_ADDRESSES_TAKEN: {
    meaning: 'A network that the region needs has addresses which another network in the account has already.',
    retryable: false,
    hint: 'The message names both. Choose other ranges in `rollout.regions`, or remove the other network if nothing uses it.',
  },
  REGION_NETWORK_DIFFERS: {
    meaning:
      'Something that carries Gantry’s tags of this region is not as the platform file says, and cannot be changed in place: a VPC or a subnet has another range or zone.',
    retryable: false,
    hint: 'The message says what was found and what is wanted. Gantry replaces no network that may be in use: move what is in it, delete it by hand, then start again.',
  },
  REGION_DUPLICATE: {
    meaning: 'Several objects carry the tags of one: Gantry does not know which of them is in use.',
    retryable: false,
    hint: 'Find the one that is in use in the AWS console by its id; take the tag `gantry:name` off the others, or delete them.',
  },
  REGION_RULE_FOREIGN: {
    meaning:
      'A security group of the region has a rule that Gantry did not make and that no flow of the platform file allows.',
    retryable: false,
    hint: 'The message names the rule. If it is right, add the flow to `network.flows`; if not, remove the rule. Gantry does not remove what it did not make.',
  },
  REGION_QUOTA: {
    meaning: 'The account may not have as many of something as the region needs.',
    retryable: false,
    hint: 'Ask AWS to raise the quota that the message names, then `gantry retry <id>` or start again.',
  },
  REGION_NO_CLUSTER: {
    meaning: 'The region has components with manifests, and the platform file names no Kubernetes API for it.',
    retryable: false,
    hint: 'Set `kubernetes` of the region under `rollout.regions`.',
  },
  REGION_IMAGE_MISSING: {
    meaning: 'A manifest asks for an image that `rollout.images` does not pin.',
    retryable: false,
    hint: 'Enter `name:tag` under `rollout.images`, then `gantry platform pin`, which resolves its digest in the registry.',
  },
  REGION_MANIFEST_INVALID: {
    meaning: 'A manifest of the catalogue cannot be read, or is not what a rollout can apply.',
    retryable: false,
    hint: 'The message has the file and the place. Correct the manifest or the patch; the worker reads it again at the next plan.',
  },
  REGION_PLAN_STALE: {
    meaning: 'The manifests of a component are not those that the plan was made from.',
    retryable: false,
    hint: 'Another catalogue reached the worker after the plan. Abort this run and start it again: the new plan shows what is different.',
  },
  REGION_OBJECT_FOREIGN: {
    meaning:
      'An object that a component needs has fields which another client manages with other values. Nothing was written.',
    retryable: false,
    hint: 'The message names the fields and who manages them. Let that client give them up, or change the manifest; Gantry never forces.',
  },
  REGION_COMPONENT_FAILED: {
    meaning: 'A workload of a component cannot become ready: its controller gave up, or refuses to make its pods.',
    retryable: false,
    hint: 'The message has the controller’s reason. `kubectl describe` the workload; correct it, then `gantry retry <id>`.',
  },
  REGION_DRIFT: {
    meaning: 'Something of the region is not as the platform file says.',
    retryable: false,
    hint: 'The message says what. If the file is right, `gantry region rollout <region> --dry-run` shows what would bring it back; if not, change the file.',
  },
  REGION_UNDO_DIFFERS: {
    meaning: 'What Gantry made was changed by another client meanwhile, so that taking it away would lose that change.',
    retryable: false,
    hint: 'The message says what is different. Bring it back or remove it by hand, then `gantry retry <id>`; or skip it with an accepted risk.',
  },
  REGION_HAS_HOSTS: {
    meaning:
      'Hosts of a region that is to be retired are still Nodes of its cluster, or whether they are cannot be asked. There may be VMs on them: Gantry cannot see VMs from outside a host.',
    retryable: false,
    hint: 'The message names them. There is no procedure yet that takes a host out of service: end its VMs, drain it and delete its Node by hand, then start again.',
  },
  REGION_IN_USE: {
    meaning: 'The platform file says that stores stand in the region that is to be retired, or have a copy there.',
    retryable: false,
    hint: 'The message names their places in the file. Move or give up each of them, change the file, then start again.',
  },
  REGION_CLUSTER_SHARED: {
    meaning: 'Another region has the same Kubernetes API: what is removed from one would be gone from both.',
    retryable: false,
    hint: 'Give each region of `rollout.regions` a cluster of its own. What is in a shared one can only be removed by hand.',
  },
  REGION_RETIRE_FOREIGN: {
    meaning: 'Something that Gantry did not make is in what is to be removed, and would be lost with it.',
    retryable: false,
    hint: 'The message names it. Ask its owner to move it, or remove it by hand; then `gantry retry <id>`.',
  },
  REGION_RETIRE_DIFFERS: {
    meaning:
      'An object is not as it was when its removal was planned: another client has changed it, or deleted it and created it again.',
    retryable: false,
    hint: 'Nothing was removed. If it may go, remove it by hand, then `gantry retry <id>`, which finds it gone; or bring it back to what it was. A new run plans it as it is now.',
  },
} as const satisfies Record<string, CatalogueEntry>;
