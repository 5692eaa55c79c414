// A process that gets at the control block, which no public call shows: it watches how the package makes
// its views. It writes nonsense into the block and goes on using the ring, which must not crash.

const views = []
globalThis.Uint32Array = new Proxy(Uint32Array, {
  construct(target, args) {
    const view = Reflect.construct(target, args)
    if (view.buffer.byteLength <= 256) views.push(new target(view.buffer))
    return view
  },
})
const { createRing, Producer } = await import('crosscore')

let state = 2463534242
const random = (n) => {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return (state >>> 0) % n
}
const nonsense = () => [random(2 ** 32), random(64), 8 * random(1024), 0xffffffff, 0x80000000, 0][random(6)]

let blocks = 0
for (let round = 0; round < 2000; round++) {
  const of = ['u8', 'f64', 'bytes'][random(3)]
  views.length = 0
  const { producer, consumer } = createRing({ of, capacity: 1 + random(5000), memory: ['heap', 'mirrored'][random(2)] })
  blocks += views.length
  const one = of === 'bytes' ? new Uint8Array(random(64)) : 1
  const acts = [
    () => producer.push(one),
    () => producer.pushMany([one, one]),
    () => producer.reserve(1 + random(9)).fill(1),
    () => producer.commit(),
    () => producer.free,
    () => producer.flush(),
    () => producer.stats,
    () => consumer.pop(),
    () => consumer.popMany(9),
    () => consumer.peek(),
    () => consumer.release(),
    () => consumer.drain(() => {}, 9),
    () => consumer.done,
    () => consumer.stats,
    () => Producer.from(producer.move()).close(),
    () => consumer.close(),
  ]
  for (let i = 0; i < 30; i++) {
    const block = views[random(views.length)]
    for (let k = random(4); k > 0; k--) block[random(block.length)] = nonsense()
    try {
      acts[random(acts.length)]()
    } catch {
      // Whatever is thrown is right: the block is not for programs.
    }
  }
}
console.log(blocks > 0 ? 'still here' : 'no control block was seen')
