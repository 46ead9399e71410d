import { name } from '../fields.ts';

// What the inputs of several kinds of the archive domain have.
export const archive = name.describe('The archive, by its name in the platform file.');
export const target = { name: 'archive', help: 'the archive, by its name in the platform file' };
