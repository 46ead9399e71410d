// `npm run openapi`: writes the description of the API, for those who generate clients. A test asserts that it is current.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openapiText } from './publish.ts';

const target = fileURLToPath(new URL('../../docs/reference/openapi.json', import.meta.url));
await writeFile(target, await openapiText());
process.stdout.write('wrote docs/reference/openapi.json\n');
