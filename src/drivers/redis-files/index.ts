export { readAppendOnlyFile } from './append-only-file.ts';
export type { RawCommand } from './resp-commands.ts';
export type { RdbCheck } from './rdb.ts';
export { checkRdb } from './rdb.ts';
export { parseCommands, parseTail } from './resp-commands.ts';
