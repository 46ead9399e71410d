import { writeFileSync } from 'node:fs';
import { catalogue } from '../errors/index.ts';
import { errorsPage } from './render/errors-page.ts';

// `npm run errors`: docs/reference/errors.md from the catalogue. A test fails when the page is stale.
writeFileSync(new URL('../../docs/reference/errors.md', import.meta.url), errorsPage(catalogue));
