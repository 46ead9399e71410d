export { readAppendOnlyFile } from './append-only-file.ts';
export type { RawCommand } from './resp-commands.ts';
export { parseCommands, parseTail } from './resp-commands.ts';
