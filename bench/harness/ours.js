/** Of a second row of ours, on which the express lane is switched off. */
export const NODE_API = ' (node-api)';

/** @param {string} system */
export function isOurs(system) {
  return system.startsWith('crosscore');
}
