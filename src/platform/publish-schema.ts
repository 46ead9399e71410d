// `npm run schema`: writes the JSON schema of the platform file, for editors. A test asserts that it is current.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { platformJsonSchemaText } from './json-schema.ts';

const target = fileURLToPath(new URL('../../docs/reference/platform.schema.json', import.meta.url));
await writeFile(target, platformJsonSchemaText());
console.log('wrote docs/reference/platform.schema.json');
