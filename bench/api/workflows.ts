/** The runs of the API's bench: plan, approval, nothing to do. Under the name that the API starts. */
export { engineRun as redisSwitchover } from '../engine/workflows.ts';
