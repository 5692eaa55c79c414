// What a thread does while the ring is full or empty. All waiting of this example is here.

/** Resolves when there is room for a message of `n` bytes. */
export function room(producer, n) {
  return producer.ready(n)
}

/** Resolves when there is something to read, or nothing will come any more. */
export function data(consumer) {
  return consumer.ready()
}
