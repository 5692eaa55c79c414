// What an iterator gave when there was no room for it.
//
// It cannot go back into the iterator, so it is kept here, and comes first when the same iterator is
// pushed from again, by whatever call.

const left = new WeakMap<Iterator<unknown>, IteratorResult<unknown>>()

/** What was put back, or else what the iterator gives next. */
export function takeNext<T>(iterator: Iterator<T>): IteratorResult<T> {
  const next = left.get(iterator) as IteratorResult<T> | undefined
  if (next === undefined) return iterator.next()
  left.delete(iterator)
  return next
}

export function putBack<T>(iterator: Iterator<T>, next: IteratorResult<T>): void {
  left.set(iterator, next)
}
