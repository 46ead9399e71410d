export * from './conformance.ts';
export * from './fleet-onboard.ts';
export * from './onboard.ts';
