export * from './manifest.ts';
export * from './totals.ts';
export * from './backup.ts';
export * from './lifecycle.ts';
export * from './restore.ts';
export * from './drill.ts';
export * from './audit.ts';
