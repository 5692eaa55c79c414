/**
 * The shape of the contender that another one is made of.
 *
 * @param {{ inner: string, shape: string }} params
 * @returns {Promise<import('../harness/contract.js').Shape>}
 */
export async function shapeOf({ inner, shape }) {
  const { shapes } = await import(`./${inner}.js`);
  return shapes[shape];
}
