import { z } from 'zod';
import { platform } from './schema/platform.ts';

/** The JSON schema of the platform file as it is written, for editors. Checks across fields are Gantry's alone. */
export function platformJsonSchema(): Record<string, unknown> {
  return { title: 'Gantry platform file', ...z.toJSONSchema(platform, { io: 'input', reused: 'ref' }) };
}

/** The text of `docs/reference/platform.schema.json`. */
export function platformJsonSchemaText(): string {
  return `${JSON.stringify(platformJsonSchema(), null, 2)}\n`;
}
