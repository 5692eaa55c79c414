// for await over a consumer, and batches().

import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import test from 'ava'
import { createRing } from 'crosscore'
import { onBothMemories } from './memories.js'
import { refuses } from './refusal.js'
import { volume } from './volume.js'
import { start } from './workers/start.js'
import { element, elements, holds, kinds, numberOf, size } from './workers/wait-elements.js'

const count = (n, from = 0) => Array.from({ length: n }, (_, i) => from + i)

for (const of of kinds) {
  const make = (options) => createRing({ of, capacity: 16 * size[of], ...options })
  /** Writes elements as there is room for them, and closes. */
  const write = async (producer, n) => {
    for (let i = 0; i < n; i++) while (!producer.push(element(of, i))) await producer.ready(8)
    producer.close()
  }

  onBothMemories(`a loop gives every element of ${of} and ends after the last one`, async (t, memory) => {
    const { producer, consumer } = make({ memory })
    const n = 3 * holds(producer, of)
    const written = write(producer, n)
    const seen = []
    for await (const value of consumer) seen.push(numberOf(value))
    t.deepEqual(seen, count(n))
    t.true(consumer.done)
    await written
    for await (const value of consumer) t.fail(`${value} after the end`)
  })

  onBothMemories(`a loop over an empty ring of ${of} that is closed ends at once`, async (t, memory) => {
    const { producer, consumer } = make({ memory })
    producer.close()
    for await (const value of consumer) t.fail(`${value} came`)
    for await (const batch of consumer.batches()) t.fail(`${batch} came`)
    t.pass()
  })

  onBothMemories(`batches of ${of} hold what is there, up to max, and are copies`, async (t, memory) => {
    const { producer, consumer } = make({ memory })
    const n = holds(producer, of)
    for (const [max, expected] of [
      [undefined, [n]],
      [n, [n]],
      [n - 1, [n - 1, 1]],
      [Number.MAX_SAFE_INTEGER, [n]],
      [n / 2, [n / 2, n / 2]],
    ]) {
      producer.pushMany(elements(of, 0, n))
      const kept = []
      for await (const batch of consumer.batches(max)) {
        kept.push(batch)
        if (consumer.available === 0) break
      }
      t.deepEqual(
        kept.map(({ length }) => length),
        expected,
      )
      // Another lap over the same slots.
      producer.pushMany(elements(of, 9000, n))
      consumer.popMany(n)
      t.deepEqual(
        kept.flatMap((batch) => Array.from(batch, numberOf)),
        count(n),
      )
    }
  })

  test(`batches of ${of} are typed arrays of their own, or arrays of messages`, async (t) => {
    const { producer, consumer } = make()
    producer.pushMany(elements(of, 0, 3))
    producer.close()
    for await (const batch of consumer.batches()) {
      if (of === 'f64') {
        t.true(batch instanceof Float64Array)
        t.is(batch.buffer.byteLength, 24)
      } else {
        t.true(Array.isArray(batch))
        t.true(batch[0] instanceof Uint8Array)
      }
      t.is(batch.length, 3)
    }
  })

  test(`a wrong max is refused before the loop begins (${of})`, (t) => {
    const { consumer } = make()
    for (const max of [0, -1, 0.5, NaN, '3', 2 ** 53, null, 1n]) refuses(t, 'INVALID_ARG', () => consumer.batches(max), /max/)
  })

  for (const batches of [false, true]) {
    const loop = (consumer) => (batches ? consumer.batches(1) : consumer)
    const number = (item) => numberOf(batches ? item[0] : item)
    const what = batches ? `batches of ${of}` : of

    onBothMemories(`leaving a loop over ${what} leaves the rest to the next one`, async (t, memory) => {
      const { producer, consumer } = make({ memory })
      producer.pushMany(elements(of, 0, 6))
      const seen = []
      for await (const item of loop(consumer)) {
        seen.push(number(item))
        if (seen.length === 2) break
      }
      await t.throwsAsync(
        async () => {
          for await (const item of loop(consumer)) {
            seen.push(number(item))
            if (seen.length === 4) throw new Error('out of the loop')
          }
        },
        { message: 'out of the loop' },
      )
      t.false(producer.closed)
      t.is(numberOf(consumer.pop()), 4)
      producer.close()
      for await (const item of loop(consumer)) seen.push(number(item))
      t.deepEqual(seen, [0, 1, 2, 3, 5])
    })

    onBothMemories(`a loop over ${what} waits, and goes on when something comes`, async (t, memory) => {
      const { producer, consumer } = make({ memory })
      const seen = []
      const reading = (async () => {
        for await (const item of loop(consumer)) seen.push(number(item))
      })()
      for (let i = 0; i < 10; i++) {
        await turn()
        t.is(seen.length, i)
        producer.push(element(of, i))
        while (seen.length === i) await turn()
      }
      producer.close()
      await reading
      t.deepEqual(seen, count(10))
    })

    test(`closing the consumer ends a loop over ${what}: in its body, and while it waits`, async (t) => {
      const inBody = make()
      inBody.producer.pushMany(elements(of, 0, 4))
      let times = 0
      for await (const item of loop(inBody.consumer)) {
        t.is(number(item), 0)
        times++
        inBody.consumer.close()
      }
      t.is(times, 1)
      t.true(inBody.producer.closed)
      for await (const item of loop(inBody.consumer)) t.fail(`${item} from a closed consumer`)

      const waiting = make()
      setImmediate(() => waiting.consumer.close())
      for await (const item of loop(waiting.consumer)) t.fail(`${item} from nowhere`)
      t.true(waiting.producer.closed)
    })

    test(`a loop over ${what} that was moved away is refused`, async (t) => {
      const { producer, consumer } = make()
      producer.pushMany(elements(of, 0, 4))
      await t.throwsAsync(
        async () => {
          for await (const item of loop(consumer)) {
            t.is(number(item), 0)
            consumer.move()
          }
        },
        { code: 'ERR_CROSSCORE_MOVED' },
      )
    })

    test(`while a loop over ${what} waits, its consumer does nothing else that waits`, async (t) => {
      const { producer, consumer } = make()
      const reading = (async () => {
        for await (const item of loop(consumer)) t.is(number(item), 5)
      })()
      await turn()
      refuses(t, 'BUSY', () => consumer.popSync())
      refuses(t, 'BUSY', () => consumer.move())
      await t.throwsAsync(consumer.ready(), { code: 'ERR_CROSSCORE_BUSY' })
      producer.push(element(of, 5))
      producer.close()
      await reading
    })

    test(`the iterator of ${what} by hand`, async (t) => {
      const { producer, consumer } = make()
      producer.pushMany(elements(of, 0, 3))
      const iterator = loop(consumer)[Symbol.asyncIterator]()
      t.is(iterator[Symbol.asyncIterator](), iterator)
      const first = await iterator.next()
      t.false(first.done)
      t.is(number(first.value), 0)
      t.deepEqual(await iterator.return(), { done: true, value: undefined })
      t.deepEqual(await iterator.next(), { done: true, value: undefined })
      // What return() finds waiting ends too, and takes nothing.
      const other = loop(consumer)[Symbol.asyncIterator]()
      await other.next()
      await other.next()
      const waiting = other.next()
      await other.return()
      producer.push(element(of, 3))
      t.deepEqual(await waiting, { done: true, value: undefined })
      t.is(numberOf(consumer.pop()), 3)
    })
  }

  for (const [name, loop] of Object.entries({
    values: (consumer) => consumer.values(),
    batches: (consumer) => consumer.batches(1),
    'for await': (consumer) => consumer[Symbol.asyncIterator](),
  })) {
    const numberIn = ({ done, value }) => (done ? 'done' : numberOf(name === 'batches' ? value[0] : value))

    test(`${name} of ${of}: calls of next() are answered in their order`, async (t) => {
      const { producer, consumer } = make()
      const iterator = loop(consumer)
      const answers = Array.from({ length: 6 }, () => iterator.next().then(numberIn))
      await turn()
      producer.pushMany(elements(of, 0, 2))
      t.deepEqual(await Promise.all(answers.slice(0, 2)), [0, 1])
      producer.pushMany(elements(of, 2, 2))
      producer.close()
      t.deepEqual(await Promise.all(answers), [0, 1, 2, 3, 'done', 'done'])
    })

    test(`${name} of ${of}: return() ends what is pending at once, and the next loop waits anew`, async (t) => {
      const { producer, consumer } = make()
      const iterator = loop(consumer)
      const answers = [iterator.next(), iterator.next(), iterator.next()]
      await turn()
      t.deepEqual(await iterator.return(), { done: true, value: undefined })
      for (const answer of answers) t.true((await answer).done)
      const other = loop(consumer)
      const next = other.next()
      producer.push(element(of, 5))
      t.is(numberIn(await next), 5)
      t.true((await iterator.next()).done)
    })

    test(`${name} of ${of}: a next() that lost a race is answered first, and nothing is lost`, async (t) => {
      const { producer, consumer } = make()
      const iterator = loop(consumer)
      const first = iterator.next()
      t.is(await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 5, 'late'))]), 'late')
      producer.pushMany(elements(of, 0, 2))
      t.is(numberIn(await iterator.next()), 1)
      t.is(numberIn(await first), 0)
    })

    test(`${name} of ${of}: return() does not end a wait that is not its own`, async (t) => {
      const { producer, consumer } = make()
      const ready = consumer.ready()
      const iterator = loop(consumer)
      await t.throwsAsync(iterator.next(), { code: 'ERR_CROSSCORE_BUSY' })
      await iterator.return()
      producer.push(element(of, 0))
      t.true(await ready)
    })
  }

  test(`a Readable over ${of} that is destroyed leaves nothing behind`, async (t) => {
    const { producer, consumer } = make()
    const stream = Readable.from(consumer)
    stream.on('data', () => {})
    await turn()
    refuses(t, 'BUSY', () => consumer.popSync())
    stream.destroy()
    await once(stream, 'close')
    producer.push(element(of, 1))
    t.is(numberOf(consumer.popSync()), 1)
  })

  test.serial(`a ring of ${of} that is never empty leaves timers their turn`, async (t) => {
    const { producer, consumer } = make()
    const fill = () => {
      while (producer.push(element(of, 1)));
    }
    for (const loop of [consumer, consumer.batches(3)]) {
      let elapsed = false
      setTimeout(() => (elapsed = true), 1)
      fill()
      for await (const _ of loop) {
        if (elapsed) break
        fill()
      }
      t.true(elapsed)
    }
    // And a wait that is over each time it begins.
    const timer = { elapsed: false }
    setTimeout(() => (timer.elapsed = true), 1)
    while (!timer.elapsed) t.true(await consumer.ready())
  })

  for (const memory of ['mirrored', 'heap']) {
    test.serial(`numbered ${of} come by a loop from another thread (${memory})`, async (t) => {
      const { producer, consumer } = make({ memory })
      const n = volume(t, 100_000)
      const { result } = start('wait-stream.js', { token: producer.move(), style: 'sync', count: n })
      let i = 0
      for await (const value of consumer) {
        if (numberOf(value) !== i) return t.fail(`${numberOf(value)} came instead of ${i}`)
        i++
      }
      t.is(i, await result)
    })

    test.serial(`numbered ${of} come in batches from another thread (${memory})`, async (t) => {
      const { producer, consumer } = make({ memory })
      const n = volume(t, 100_000)
      const { result } = start('wait-stream.js', { token: producer.move(), style: 'many', count: n })
      let i = 0
      for await (const batch of consumer.batches(7)) {
        for (const value of batch) {
          if (numberOf(value) !== i) return t.fail(`${numberOf(value)} came instead of ${i}`)
          i++
        }
      }
      t.is(i, await result)
    })
  }

  for (const act of ['exit', 'throw', 'hang']) {
    test(`a loop over ${of} ends after the last element when the other thread ${act === 'hang' ? 'is terminated' : `goes: ${act}`}`, async (t) => {
      const { producer, consumer } = make()
      producer.pushMany(elements(of, 0, 3))
      const { worker } = start('wait-act.js', { token: producer.move(), act, delay: 'told' })
      worker.on('error', ({ message }) => t.is(message, 'on purpose'))
      worker.on('message', () => {
        worker.postMessage('go')
        if (act === 'hang') setTimeout(() => worker.terminate(), 20)
      })
      const seen = []
      for await (const value of consumer) seen.push(numberOf(value))
      t.deepEqual(seen, [0, 1, 2])
    })
  }
}

test('a process whose Readable over a ring was destroyed ends', (t) => {
  const code = `
    import { Readable } from 'node:stream'
    import { createRing } from ${JSON.stringify(import.meta.resolve('crosscore'))}
    const { producer, consumer } = createRing({ of: 'bytes', capacity: 64 })
    globalThis.kept = producer
    const stream = Readable.from(consumer).on('data', () => {})
    setTimeout(() => stream.destroy(), 20)
    process.on('exit', () => console.log('ended'))`
  t.is(execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', timeout: 20_000 }).trim(), 'ended')
})

for (const of of kinds) {
  onBothMemories(`ready(n) of a consumer of ${of} waits for as many, or for what is left`, async (t, memory) => {
    const { producer, consumer } = createRing({ of, capacity: 16 * size[of], memory })
    let settled = false
    const waiting = consumer.ready(3)
    waiting.then(() => (settled = true))
    for (let i = 0; i < 2; i++) {
      producer.push(element(of, i))
      for (let k = 0; k < 3; k++) await turn()
      t.false(settled)
    }
    producer.push(element(of, 2))
    t.true(await waiting)
    consumer.popMany(2)
    const rest = consumer.ready(3)
    producer.close()
    t.true(await rest, 'the last one')
    consumer.popMany(9)
    t.false(await consumer.ready(3))
  })

  test(`popManySync of ${of} waits for the first, and takes what is there`, async (t) => {
    const { producer, consumer } = createRing({ of, capacity: 16 * size[of], publish: 'tick' })
    t.is(consumer.popManySync(4, { timeout: 2 }).length, 0)
    t.is(consumer.popManySync(0).length, 0)
    producer.push(element(of, 0))
    producer.push(element(of, 1))
    t.deepEqual(consumer.popManySync(4).map(numberOf), [0, 1])
    if (of === 'f64') {
      const into = new Float64Array(4)
      producer.push(element(of, 7))
      t.is(consumer.popManySync(into), 1)
      t.is(numberOf(into[0]), 7)
      t.is(consumer.popManySync(into, { timeout: 0 }), 0)
      t.is(consumer.popManySync(new Float64Array(0)), 0, 'nothing is wanted')
      producer.push(element(of, 8))
      t.is(consumer.popManySync(new Float64Array(0)), 0)
      t.is(consumer.popManySync(into), 1)
    }
    for (const timeout of [-1, NaN, '1']) refuses(t, 'INVALID_ARG', () => consumer.popManySync(1, { timeout }), /timeout/)
    producer.close()
    t.is(consumer.popManySync(4).length, 0)
  })

  test.serial(`popManySync of ${of} takes all that another thread sends`, async (t) => {
    const { producer, consumer } = createRing({ of, capacity: 64 * size[of] })
    const n = volume(t, 20_000)
    const { result } = start('wait-stream.js', { token: producer.move(), style: 'sync', count: n })
    let i = 0
    for (;;) {
      const some = consumer.popManySync(10)
      if (some.length === 0) break
      for (const value of some) if (numberOf(value) !== i++) return t.fail(`${numberOf(value)} came instead of ${i - 1}`)
    }
    t.is(i, await result)
  })
}
