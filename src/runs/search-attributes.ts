/** Typed search attributes (all keywords), registered when a worker starts: an unregistered one sticks every run. */
export const searchAttributeNames = {
  kind: 'GantryKind',
  target: 'GantryTarget',
  state: 'GantryState',
} as const;
