// A token carries its side and its kind.

import { Consumer, CrosscoreError, Producer, type ConsumerToken, type CrosscoreErrorCode, type ProducerToken } from 'crosscore'

declare const producer: Producer<'f64'>
declare const consumer: Consumer<'f64'>

const forProducer = producer.move()
const forConsumer = consumer.move()
forProducer satisfies ProducerToken<'f64'>
forConsumer satisfies ConsumerToken<'f64'>

Producer.from(forProducer) satisfies Producer<'f64'>
Consumer.from(forConsumer) satisfies Consumer<'f64'>
Producer.from(structuredClone(forProducer)) satisfies Producer<'f64'>

// @ts-expect-error a consumer's token
Producer.from(forConsumer)
// @ts-expect-error a producer's token
Consumer.from(forProducer)
// @ts-expect-error a token of f64 gives no producer of u64
Producer.from(forProducer) satisfies Producer<'u64'>
// @ts-expect-error tokens of different kinds are different
const other: ProducerToken<'u64'> = forProducer
// @ts-expect-error a handle is no token
Producer.from(producer)
// @ts-expect-error nor is its number
Producer.from(forProducer.id)
// @ts-expect-error nor is anything else
Producer.from({})
// @ts-expect-error tokens are not changed
forProducer.id = ''
// @ts-expect-error handles come from createRing and from tokens
const made = new Producer()

// ---- telling things apart ----------------------------------------------------------------------

declare const something: unknown
if (something instanceof CrosscoreError) {
  something.code satisfies CrosscoreErrorCode
  something.message satisfies string
  // @ts-expect-error there is no such code
  if (something.code === 'ERR_CROSSCORE_FULL') something.code satisfies never
}
