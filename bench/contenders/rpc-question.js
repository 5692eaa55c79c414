// What is asked and answered, in all contenders alike.

/** @type {Record<'number' | 'object', (n: number) => any>} */
export const questionOf = {
  number: (n) => n,
  object: (n) => ({ n, name: 'request', tags: ['a', 'b', 'c'], at: { x: n / 2, y: -n / 2 }, ok: true }),
};

/** @param {any} question */
export function answerTo(question) {
  return typeof question === 'number' ? question + 1 : { ...question, n: question.n + 1 };
}
