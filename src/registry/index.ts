export { entries } from './entries.ts';
export type { InputOption, KindEntry } from './entry.ts';
export { guardKnowledgeShape, guardStatusShape } from './redis/guard-shape.ts';
export { redisGuard, validateGuardInput } from './redis/guard.ts';
export { listedRunShape, planShape, reportShape, statusShape, stepShape, troubleShape } from './shapes.ts';
export { fieldsOf, inputJsonSchema, validateInput } from './validate.ts';
