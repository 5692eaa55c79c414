/**
 * Moves data between two threads of Node: one bounded ring, one producer, one consumer. Rust owns the protocol;
 * JavaScript touches only slots that it owns.
 *
 * This file is the whole public surface. What is under lib/ belongs to it.
 *
 * @packageDocumentation
 */
/// <reference lib="es2020" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />
/** @ts-ignore without @types/node streams are any */
import type { Readable, Writable } from 'node:stream';
/** @ts-ignore */
import type { ReadableStream, WritableStream } from 'node:stream/web';
import type { ToReadableOptions, ToWritableOptions } from './lib/adapters/node-streams.js';
import type { ToReadableStreamOptions, ToWritableStreamOptions } from './lib/adapters/web-streams.js';
/** Kinds whose elements are numbers, named for how they are stored. */
export type NumberKind = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'f64';
/** Kinds whose elements are bigints. */
export type BigIntKind = 'i64' | 'u64';
/** Kinds that have a name. */
export type NamedKind = NumberKind | BigIntKind | 'bytes' | 'string' | 'json' | 'value';
/** What a ring can carry: a kind by its name, records by their schema, or what a codec of the program's own encodes. */
export type ElementKind = NamedKind | AnySchema | AnyCodec;
/** A codec of whatever values. */
export type AnyCodec = Codec<any>;
/**
 * How values of the program's own become bytes and come back. Both ends need it: it does not travel with a token, so the
 * other end is claimed with `from(token, { of: codec })`.
 *
 * @example
 * ```js
 * import { createRing } from 'crosscore'
 *
 * const dates = {
 *   encode(date, target) {
 *     if (target.length >= 8) new DataView(target.buffer, target.byteOffset).setFloat64(0, date.getTime())
 *     return 8
 *   },
 *   decode: (bytes) => new Date(new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0)),
 * }
 * const { producer, consumer } = createRing({ of: dates, capacity: 4096 })
 * producer.push(new Date(0))
 * console.log(consumer.pop().toISOString()) // 1970-01-01T00:00:00.000Z
 * ```
 */
export interface Codec<T> {
    /**
     * Writes `value` from the start of `target` on and returns its length in bytes. If it does not fit, it returns the
     * length that it needs, and is called again with a larger target. The target is not the ring's memory.
     */
    encode: (value: T, target: Bytes) => number;
    /** The value: anything but `undefined`, which `pop` gives when there is nothing. `bytes` is a copy, which it may keep. */
    decode: (bytes: Bytes) => T;
}
/** The schema of a record, of whatever fields. */
export type AnySchema = RecordSchema<any>;
/** What `push` takes for a kind. */
export type Element<K extends ElementKind> = K extends NumberKind ? number : K extends BigIntKind ? bigint : K extends 'bytes' ? Uint8Array : K extends 'string' ? string : K extends 'json' | 'value' ? unknown : K extends RecordSchema<infer F> ? RecordInput<F> : K extends Codec<infer T> ? T : never;
/** Bytes, over memory that is not shared. */
export type Bytes = ReturnType<Uint8ArrayConstructor['of']>;
interface ArrayOf {
    u8: Bytes;
    i8: ReturnType<Int8ArrayConstructor['of']>;
    u16: ReturnType<Uint16ArrayConstructor['of']>;
    i16: ReturnType<Int16ArrayConstructor['of']>;
    u32: ReturnType<Uint32ArrayConstructor['of']>;
    i32: ReturnType<Int32ArrayConstructor['of']>;
    f32: ReturnType<Float32ArrayConstructor['of']>;
    f64: ReturnType<Float64ArrayConstructor['of']>;
    i64: ReturnType<BigInt64ArrayConstructor['of']>;
    u64: ReturnType<BigUint64ArrayConstructor['of']>;
}
interface AnyArrayOf {
    u8: Uint8Array;
    i8: Int8Array;
    u16: Uint16Array;
    i16: Int16Array;
    u32: Uint32Array;
    i32: Int32Array;
    f32: Float32Array;
    f64: Float64Array;
    i64: BigInt64Array;
    u64: BigUint64Array;
}
/** What `pop` returns for a kind. */
export type Popped<K extends ElementKind> = K extends 'bytes' ? Bytes : K extends 'json' | 'value' ? any : K extends RecordSchema<infer F> ? RecordOutput<F> : Element<K>;
/** What `drain` shows for a kind: what `pop` returns, or where it lies. */
export type Shown<K extends ElementKind> = K extends RecordSchema<infer F> ? RecordCursor<F> : Popped<K>;
/** The typed array that holds elements of a kind, over any memory of the program's. */
export type NumericArray<K extends ElementKind> = K extends keyof AnyArrayOf ? AnyArrayOf[K] : never;
/** What in-place reading and writing shows: elements in a typed array, or the bytes of one message. */
export type View<K extends ElementKind> = K extends keyof ArrayOf ? ArrayOf[K] : K extends RecordSchema<infer F> ? RecordBatch<F> : K extends 'bytes' ? Bytes : never;
/** What a peek returns: for `'bytes'`, `undefined` when there is no message, since a message may be empty. */
export type Peek<K extends ElementKind> = K extends 'bytes' ? Bytes | undefined : View<K>;
/** What `batches()` gives: a typed array of its own, or an array of messages. */
export type Batch<K extends ElementKind> = K extends keyof ArrayOf ? ArrayOf[K] : Popped<K>[];
/** `bytes(n)`: a fixed number of bytes, as a field of a record. */
export interface BytesField<N extends number = number> {
    readonly of: 'bytes';
    readonly length: N;
}
/** `array(of, n)`: a fixed number of numbers or records, as a field of a record. */
export interface ArrayField<F extends NumberKind | BigIntKind | AnySchema = NumberKind | BigIntKind | AnySchema> {
    readonly of: F;
    readonly length: number;
}
/** What a record can have as a field. */
export type Field = NumberKind | BigIntKind | BytesField | ArrayField | AnySchema;
/** The fields of a record, by name, in the order in which they lie. */
export interface Fields {
    readonly [name: string]: Field;
}
/** What {@link record} returns: what a record is made of. It is what `of` takes, and can be a field of another one. */
export interface RecordSchema<F extends Fields = Fields> {
    /** Of one record, in bytes. */
    readonly size: number;
    /** In bytes: 1, 2, 4 or 8. */
    readonly align: number;
    /** Where the fields lie. */
    readonly fields: readonly {
        readonly name: string;
        readonly offset: number;
    }[];
    /** The schema as text: the same for two schemas if and only if their records are the same. */
    toString(): string;
    /** For its type alone; not there when the program runs. */
    readonly schema?: F;
}
/** What is pushed for a field. Bytes may be shorter than the field: zeros follow them. */
export type FieldInput<T> = T extends NumberKind ? number : T extends BigIntKind ? bigint : T extends RecordSchema<infer F> ? RecordInput<F> : T extends ArrayField<infer E> ? ArrayLike<FieldInput<E>> : T extends BytesField ? Uint8Array : never;
/** What is pushed into a ring of records. */
export type RecordInput<F extends Fields> = {
    readonly [N in keyof F]: FieldInput<F[N]>;
};
/** What is popped for a field. */
export type FieldOutput<T> = T extends keyof ArrayOf ? FieldInput<T> : T extends RecordSchema<infer F> ? RecordOutput<F> : T extends ArrayField<infer E> ? E extends keyof ArrayOf ? ArrayOf[E] : FieldOutput<E>[] : T extends BytesField ? Bytes : never;
/** What is popped from a ring of records: an object of its own. */
export type RecordOutput<F extends Fields> = {
    -readonly [N in keyof F]: FieldOutput<F[N]>;
};
/** A field `bytes(n)` where it lies. */
export interface BytesCursor {
    readonly length: number;
    /** The byte at `index`; undefined outside of the field. */
    at(index: number): number | undefined;
    /** Writes `bytes` from the start of the field on, and zeros behind them. */
    set(bytes: Uint8Array): void;
    /** A copy of the whole field. */
    copy(): Bytes;
}
/** A field `array(of, n)` of numbers where it lies. */
export interface NumbersCursor<E extends NumberKind | BigIntKind> {
    readonly length: number;
    /** The number at `index`; undefined outside of the field. */
    at(index: number): FieldInput<E> | undefined;
    /** Writes one number. */
    setAt(index: number, value: FieldInput<E>): void;
    /** Writes all of them. */
    set(values: ArrayLike<FieldInput<E>>): void;
    /** A copy of all of them. */
    copy(): ArrayOf[E];
}
/** A field `array(of, n)` of records where it lies. */
export interface RecordsCursor<F extends Fields> {
    readonly length: number;
    /** One cursor for all of them, on the record at `index` until the next call. */
    at(index: number): RecordCursor<F>;
    /** Writes all of them. */
    set(values: ArrayLike<RecordInput<F>>): void;
    /** A copy of all of them. */
    copy(): RecordOutput<F>[];
}
type FieldCursor<T> = T extends RecordSchema<infer F> ? RecordCursor<F> : T extends ArrayField<infer E> ? E extends NumberKind | BigIntKind ? NumbersCursor<E> : E extends RecordSchema<infer G> ? RecordsCursor<G> : never : T extends BytesField ? BytesCursor : FieldInput<T>;
/**
 * A record where it lies: numbers are read and written as properties, other fields have methods. It is one object for
 * all records of a handle, and refuses with `ERR_CROSSCORE_BUSY` once its slots are given away.
 */
export type RecordCursor<F extends Fields> = {
    -readonly [N in keyof F]: FieldCursor<F[N]>;
};
type Scalars<F extends Fields> = {
    [N in keyof F]: F[N] extends keyof ArrayOf ? N : never;
}[keyof F];
/** Records that lie one after another. A field of them all is a property: a copy, in a typed array of its own. */
export type RecordBatch<F extends Fields> = {
    readonly [N in Scalars<F> as N extends keyof RecordRun<F> ? never : N]: F[N] extends keyof ArrayOf ? ArrayOf[F[N]] : never;
} & RecordRun<F>;
/** What every batch of records has. */
export interface RecordRun<F extends Fields> {
    readonly length: number;
    /**
     * The cursor, on the record at `index` until the next call. After `release(n)` the first `n` are refused; the others keep
     * their index.
     */
    at(index: number): RecordCursor<F>;
    /** A copy of one field of all of them, also one whose name every batch has; into an array of the field's kind if one is given. */
    column<N extends Scalars<F>>(name: N, into?: F[N] extends keyof AnyArrayOf ? AnyArrayOf[F[N]] : never): F[N] extends keyof ArrayOf ? ArrayOf[F[N]] : never;
    /** The cursor, on one record after the other. */
    [Symbol.iterator](): IterableIterator<RecordCursor<F>>;
}
/**
 * Makes the schema of a record: what `of` takes for a ring of records. They lie as C lays out a struct, and Rust under
 * `#[repr(C)]`: in the order of the fields, each at a multiple of its size.
 *
 * @example
 * ```js
 * import { bytes, createRing, record } from 'crosscore'
 *
 * const trade = record({ ts: 'f64', px: 'f64', qty: 'u32', side: 'u8', id: 'u64', name: bytes(16) })
 * console.log(trade.size) // 48
 * const { producer, consumer } = createRing({ of: trade, capacity: 1024 })
 *
 * producer.push({ ts: 0, px: 99.5, qty: 7, side: 1, id: 1n, name: new TextEncoder().encode('ACME') })
 * console.log(consumer.pop().px) // 99.5
 *
 * const batch = producer.reserve(2) // in place: nothing is made
 * for (let i = 0; i < batch.length; i++) {
 *   const next = batch.at(i)
 *   next.px = 100 + i
 *   next.qty = 1
 * }
 * producer.commit()
 * let sum = 0
 * consumer.drain((trade) => (sum += trade.px))
 * console.log(sum) // 201
 * ```
 *
 * @throws {CrosscoreError} `INVALID_ARG` for what is no field; `TOO_LARGE` for a record of more than 2^20 bytes.
 */
export declare const record: <const F extends Fields>(fields: F) => RecordSchema<F>;
/** A fixed number of bytes, as a field of a record: 1 to 2^20. */
export declare const bytes: <N extends number>(length: N) => BytesField<N>;
/** A fixed number of numbers or records, as a field of a record. */
export declare const array: <const F extends NumberKind | BigIntKind | AnySchema>(of: F, length: number) => ArrayField<F>;
/** An AbortSignal, by what it does. */
export interface AbortSignalLike {
    readonly aborted: boolean;
    readonly reason?: unknown;
    addEventListener(type: 'abort', listener: () => void): void;
    removeEventListener(type: 'abort', listener: () => void): void;
}
/** A Worker of `node:worker_threads`, by what it does. */
export interface WorkerLike {
    readonly threadId: number;
    once(event: 'exit', listener: (code: number) => void): unknown;
}
/** How a ring is made. */
export interface RingOptions<K extends ElementKind> {
    /** What the ring carries. */
    of: K;
    /**
     * At least this many elements; for `'bytes'` this many bytes, where a message takes its length,
     * rounded up to a multiple of 8, and 8 more. At least 1, at most 2^30 bytes. Rounded up to a
     * power of two and, on mirrored memory, to a page; `capacity` on the handles tells what it became.
     */
    capacity: number;
    /**
     * `'mirrored'`: the same pages mapped twice, so that nothing is copied where the ring ends.
     * `'heap'`: ordinary memory; what runs across the end is copied once more.
     * `'auto'` (the default): mirrored where the system allows it.
     *
     * In each thread that has a handle, `process.memoryUsage().external` counts a ring once and as twice its bytes, which is
     * as long as the ArrayBuffer over it is, until the last handle here is closed, moved or collected. Mirrored memory is
     * half of that.
     */
    memory?: 'auto' | 'mirrored' | 'heap' | undefined;
    /**
     * When pushes become visible to the consumer: `'each'` (the default) at once, `'tick'` at the end of
     * the current turn of the event loop, a number after that many. What is pending is published
     * earlier by `flush()`, `close()`, `move()` and `pushMany()`, when it fills a quarter of the ring, by
     * a push that finds the ring full, by a read in this thread that finds a ring empty, and by any
     * wait in this thread; and never later than the end of the turn. It is published too if the
     * thread dies.
     */
    publish?: 'each' | 'tick' | number | undefined;
    /**
     * What becomes of a push that finds no room. `'refuse'` (the default): it returns false, and the producer may wait and
     * try again. `'drop'`, for producers that never wait: it returns false, the new element is dropped and counted, and the
     * consumer learns how many are missing and where ({@link Consumer.gaps}, {@link Consumer.missed}). What would wait for
     * room (`pushSync`, `pushManySync`, `ready`, streams) is refused with `INVALID_ARG`.
     *
     * @example
     * ```js
     * import { createRing } from 'crosscore'
     *
     * const { producer, consumer } = createRing({ of: 'u8', capacity: 2, memory: 'heap', onFull: 'drop' })
     * for (const sample of [10, 11, 12, 13, 14]) producer.push(sample)
     * console.log(consumer.popMany(2)) // [ 10, 11 ]
     * producer.push(15)
     * console.log(consumer.gaps()) // [ { at: 2, count: 3 } ]
     * console.log(consumer.pop()) // 15
     * console.log(producer.stats.dropped) // 3
     * ```
     */
    onFull?: 'refuse' | 'drop' | undefined;
}
/** Where elements are missing that a producer has dropped for want of room. */
export interface Gap {
    /** They are missing before the `at`-th element or message that the consumer reads, counted from 0 since the ring was made. */
    readonly at: number;
    /** How many, 1 or more. */
    readonly count: number;
}
/**
 * Makes a ring and gives its two handles, to be moved to the threads that use them.
 *
 * @example
 * ```js
 * import { createRing } from 'crosscore'
 *
 * const { producer, consumer } = createRing({ of: 'f64', capacity: 1024 })
 * producer.push(1.5)
 * console.log(consumer.pop()) // 1.5
 * ```
 *
 * @throws {CrosscoreError} `ERR_CROSSCORE_INVALID_ARG`; `ERR_CROSSCORE_MEMORY` when the system gives
 * no memory; `ERR_CROSSCORE_UNSUPPORTED` where external ArrayBuffers are forbidden (Electron), and for `'value'`
 * where there is no `v8.Serializer` (Bun).
 */
export declare const createRing: <K extends ElementKind>(options: RingOptions<K>) => {
    producer: Producer<K>;
    consumer: Consumer<K>;
};
/** What `from` takes besides a token. */
export interface ClaimOptions<K extends ElementKind> {
    /** What the ring has to be of. A token of another one is refused, with the difference, and stays good. */
    of?: K | undefined;
}
/** What a token says of its ring, for its type alone. */
interface OfKind<K extends ElementKind> {
    readonly kind?: K;
}
/**
 * Stands for a producer while it travels: plain data, to be posted or put into `workerData`. It works
 * once, in any thread of this process. Until it is claimed it keeps the ring alive and open: `move({ to: worker })` or
 * {@link revoke} end that when the worker has failed.
 */
export interface ProducerToken<K extends ElementKind> extends OfKind<K> {
    readonly crosscore: 'producer';
    readonly of: K extends NamedKind ? K : string;
    readonly id: string;
    /** The process and the copy of the package that the token is good for. */
    readonly origin: string;
}
/** Stands for a consumer while it travels, as {@link ProducerToken} does for a producer. */
export interface ConsumerToken<K extends ElementKind> extends OfKind<K> {
    readonly crosscore: 'consumer';
    readonly of: K extends NamedKind ? K : string;
    readonly id: string;
    /** The process and the copy of the package that the token is good for. */
    readonly origin: string;
}
/** How long a blocking call waits. */
export interface BlockOptions {
    /** In milliseconds, 0 or more. As long as it takes, by default. */
    timeout?: number | undefined;
}
/** How a wait is ended early. */
export interface ReadyOptions {
    /** Rejects the wait with an `AbortError` whose cause is the signal's reason. */
    signal?: AbortSignalLike | undefined;
}
/** Where a handle goes. */
export interface MoveOptions {
    /** The worker that is to claim the token. If it ends before it has, the handle is closed. */
    to?: WorkerLike | undefined;
}
/**
 * Counts since the ring was made, of both sides; recent, and not all of one instant. Asking for them changes none.
 */
export interface Stats {
    /** Elements or messages published. */
    readonly sent: number;
    /** Elements or messages that the consumer has given back. */
    readonly received: number;
    /** Bytes published, with what messages take besides their payload. */
    readonly bytesSent: number;
    /** Bytes that the consumer has given back. */
    readonly bytesReceived: number;
    /** The most bytes that were in the ring when either side looked. */
    readonly bytesHighWater: number;
    /** How often a write was refused for lack of room. */
    readonly fullRefusals: number;
    /** How often a read found nothing. */
    readonly emptyRefusals: number;
    /** How often the producer went to sleep, on its thread or its event loop, and how often it was woken. */
    readonly producerParks: number;
    readonly producerWakes: number;
    /** The same of the consumer. */
    readonly consumerParks: number;
    readonly consumerWakes: number;
    /** Elements or messages that were dropped, with `onFull: 'drop'`. */
    readonly dropped: number;
}
/**
 * The writing half of a ring. It belongs to one thread at a time; {@link Producer.move} takes it to another. A moved
 * handle throws `ERR_CROSSCORE_MOVED` whatever it is asked, except to close; a closed one throws
 * `ERR_CROSSCORE_CLOSED` when it is asked to write. Statistics stay. Asking a property never publishes anything.
 *
 * A handle that is collected without `close()` closes its side, whenever that happens; only `close()` says when.
 */
export interface Producer<K extends ElementKind> {
    /**
     * Writes one element or message; `false` when there is no room, and then nothing has changed.
     *
     * @example
     * ```js
     * import { createRing } from 'crosscore'
     *
     * const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096 })
     * const message = new TextEncoder().encode('hello')
     * while (!producer.push(message)) {
     *   // full: the consumer is behind
     * }
     * console.log(consumer.pop().length) // 5
     * ```
     *
     * @throws {CrosscoreError} `INVALID_ARG` for a value that the kind does not hold exactly (floats are
     * rounded), `TOO_LARGE` for a message longer than `capacity - 8`, `CLOSED` when the consumer is
     * gone, `BUSY` while a reservation is open.
     */
    readonly push: (value: Element<K>) => boolean;
    /**
     * Writes as many as there is room for, publishes them once and returns how many.
     *
     * A typed array of the ring's own kind is copied at once. A wrong value in an array throws before
     * any of it is written. Of any other iterable, an item is only taken when there is room for it, and
     * the iterator is left open: pass the same iterator again to go on. (For `'bytes'`, whose items
     * cannot be measured beforehand, the one that did not fit is kept and comes first.)
     *
     * With `onFull: 'drop'` the rest is dropped, from the first one that finds no room on; an iterable is taken to its end.
     *
     * @example
     * ```js
     * import { createRing } from 'crosscore'
     *
     * const { producer, consumer } = createRing({ of: 'u32', capacity: 1024 })
     * console.log(producer.pushMany(Uint32Array.of(1, 2, 3))) // 3
     * console.log(consumer.popMany(2)) // [ 1, 2 ]
     * ```
     */
    readonly pushMany: (values: NumericArray<K> | Iterable<Element<K>>) => number;
    /**
     * As {@link Producer.push}, but blocks this thread while there is no room; `false` when the time is
     * over. `worker.terminate()` takes effect within 20 ms all the same.
     *
     * @example
     * ```js
     * import { createRing } from 'crosscore'
     *
     * const { producer } = createRing({ of: 'u8', capacity: 1, memory: 'heap' })
     * console.log(producer.pushSync(1)) // true
     * console.log(producer.pushSync(2, { timeout: 5 })) // false
     * ```
     *
     * @throws {CrosscoreError} as `push`, and `BUSY` while a `ready()` is pending.
     */
    readonly pushSync: (value: Element<K>, options?: BlockOptions) => boolean;
    /**
     * Pushes all of `values`, blocking while there is no room; returns how many went in before the time was
     * over. To go on with an iterator, pass the same one again, here or to `pushMany`: the item that had
     * no room comes first.
     */
    readonly pushManySync: (values: NumericArray<K> | Iterable<Element<K>>, options?: BlockOptions) => number;
    /**
     * Resolves when there is room for `n` elements, or for one message of `n` bytes: with `true`, or with
     * `false` when the consumer is gone. While a reservation is open it waits for its end, too. One wait at
     * a time on a handle: a second one, and anything that blocks, is refused with `BUSY`. While it is
     * pending it keeps the event loop alive, unless {@link Producer.unref} says otherwise.
     *
     * @example
     * ```js
     * import { createRing } from 'crosscore'
     *
     * const { producer, consumer } = createRing({ of: 'f64', capacity: 2, memory: 'heap' })
     * producer.pushMany([1, 2])
     * setImmediate(() => consumer.popMany(2))
     * console.log(await producer.ready(2)) // true
     * ```
     */
    ready(n?: number, options?: ReadyOptions): Promise<boolean>;
    ready(options?: ReadyOptions): Promise<boolean>;
    /**
     * Publishes, and resolves when the consumer has taken all that was pushed before the call: with `true`, or with
     * `false` if it went away first. A consumer has taken what it has given back: see {@link Consumer}.
     *
     * @example
     * ```js
     * import { createRing } from 'crosscore'
     *
     * const { producer, consumer } = createRing({ of: 'f64', capacity: 16 })
     * producer.pushMany([1, 2, 3])
     * setImmediate(() => consumer.popMany(3))
     * console.log(await producer.flushed()) // true
     * ```
     */
    flushed(options?: ReadyOptions): Promise<boolean>;
    /**
     * As {@link Producer.flushed}, but blocks this thread; `false` also when the time is over. For exit handlers, where
     * no promise is heard any more.
     */
    flushedSync(options?: BlockOptions): boolean;
    /** Waits as {@link Producer.flushed} does, then closes. Resolves with whether everything was taken. */
    end(options?: ReadyOptions): Promise<boolean>;
    /** A pending wait keeps the event loop alive (the default). */
    ref(): void;
    /** A pending wait lets the event loop end. */
    unref(): void;
    /**
     * Room for `n` elements, or for one message of up to `n` bytes, to be written in place: one
     * contiguous view, or `null` when there is no room for all of it. Nothing is visible before
     * {@link Producer.commit}; an open reservation is never published, not even if the thread dies.
     *
     * The view starts with whatever was in the ring. It must not be used after `commit` or `abort`:
     * the slots then belong to the consumer. Doing so can spoil data, not memory. Its `buffer` is the
     * whole ring, twice over: posting or cloning the view clones all of that; copy what is to travel.
     *
     * @example
     * ```js
     * import { createRing } from 'crosscore'
     *
     * const { producer, consumer } = createRing({ of: 'f64', capacity: 1024 })
     * const block = producer.reserve(3)
     * if (block !== null) {
     *   block.set([0.25, 0.5, 0.75])
     *   producer.commit(2) // only the first two
     * }
     * console.log(consumer.popMany(10)) // [ 0.25, 0.5 ]
     * ```
     *
     * @throws {CrosscoreError} `TOO_LARGE` for more than the ring holds, `BUSY` while one is open.
     */
    readonly reserve: (n: number) => View<K> | null;
    /**
     * Makes the first `n` elements of the reservation part of the stream; for `'bytes'`, a message of `n` bytes. All of
     * it by default.
     */
    commit(n?: number): void;
    /** Gives the reservation up. */
    abort(): void;
    /** Publishes what is pending. */
    flush(): void;
    /** Slots, or bytes, that are free now. */
    readonly free: number;
    /** Elements, or bytes, that the ring holds. For `'bytes'` the longest message is 8 bytes shorter. */
    readonly capacity: number;
    /** What the ring carries. */
    readonly of: K;
    /** What the ring's memory became. */
    readonly memory: 'mirrored' | 'heap';
    /** What becomes of a push that finds no room, as {@link RingOptions.onFull} said. */
    readonly onFull: 'refuse' | 'drop';
    /** Whether nothing can be sent any more: the consumer is gone, or this handle was closed. */
    readonly closed: boolean;
    /** Why the consumer closed, if it gave a reason. */
    readonly reason: Error | undefined;
    readonly stats: Stats;
    /**
     * This producer as a stream of Node, whose it is from here on: chunks of bytes for `'bytes'` unless `objectMode` says
     * messages, elements otherwise. Ending the stream closes the ring; an error that destroys it reaches the consumer as
     * {@link Consumer.reason}, and the consumer's reason destroys the stream.
     *
     * @example
     * ```js
     * import { pipeline } from 'node:stream/promises'
     * import { createRing } from 'crosscore'
     *
     * const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096 })
     * const text = consumer.toReadable({ encoding: 'utf8' }).toArray()
     * await pipeline(['one ', 'two'], producer.toWritable())
     * console.log((await text).join('')) // one two
     * ```
     */
    toWritable(options?: ToWritableOptions): Writable;
    /** This producer as a web stream, whose it is from here on. To close or abort the stream closes the ring, with the reason if there is one. */
    toWritableStream(options?: ToWritableStreamOptions): WritableStream<Element<K>>;
    /**
     * Publishes what is pending and sends nothing more. What was published stays readable. May be called again. The name,
     * message, code and cause of `reason` reach the consumer as {@link Consumer.reason}.
     */
    close(reason?: Error): void;
    /** As {@link Producer.close}, for `using`. */
    [Symbol.dispose](): void;
    /** As {@link Producer.end}, for `await using`. */
    [Symbol.asyncDispose](): Promise<void>;
    /**
     * Empties this handle and returns a token for it; `Producer.from(token)` in any thread of the process
     * takes it. With `to`, the handle is closed if that worker ends before it has claimed the token.
     *
     * @example
     * ```js
     * import { createRing, Producer } from 'crosscore'
     *
     * const { producer, consumer } = createRing({ of: 'i32', capacity: 64 })
     * const token = producer.move() // post this to a worker
     * const there = Producer.from(token) // and this is what the worker does
     * there.push(-7)
     * console.log(consumer.pop()) // -7
     * ```
     *
     * @throws {CrosscoreError} `BUSY` while a reservation is open or a wait is pending.
     */
    move(options?: MoveOptions): ProducerToken<K>;
}
/** Takes the handles that tokens stand for; `instanceof Producer` tells producers. */
export declare const Producer: {
    /**
     * Takes the producer that `token` stands for.
     *
     * @throws {CrosscoreError} `TOKEN` for one that was used or revoked, is forged or a consumer's, whose `of` was changed, or that
     * comes from another process or another copy of this package.
     */
    from<K extends ElementKind>(token: ProducerToken<K>, options?: ClaimOptions<K>): Producer<K>;
    [Symbol.hasInstance](value: unknown): value is Producer<any>;
};
/**
 * The reading half of a ring. It belongs to one thread at a time; {@link Consumer.move} takes it to
 * another.
 *
 * What has been read is given back to the producer in batches: when a quarter of the ring was read,
 * when a read finds the ring empty, at the end of every `popMany`, `drain` and `release`, and at the
 * latest at the end of the current turn of the event loop.
 *
 * A handle that is collected without `close()` closes its side, whenever that happens; only `close()` says when.
 */
export interface Consumer<K extends ElementKind> {
    /**
     * The oldest element or message, or `undefined` when there is none. A message is a copy.
     *
     * @example
     * ```js
     * import { createRing } from 'crosscore'
     *
     * const { producer, consumer } = createRing({ of: 'u64', capacity: 64 })
     * producer.push(2n ** 64n - 1n)
     * producer.close()
     * while (!consumer.done) {
     *   const value = consumer.pop()
     *   if (value !== undefined) console.log(value) // 18446744073709551615n
     * }
     * ```
     */
    pop(): Popped<K> | undefined;
    /**
     * As {@link Consumer.pop}, but blocks this thread while there is nothing; `undefined` when the time
     * is over, and when the ring is {@link Consumer.done}. `worker.terminate()` takes effect within 20 ms
     * all the same.
     *
     * @example
     * ```js
     * import { createRing } from 'crosscore'
     *
     * const { producer, consumer } = createRing({ of: 'f32', capacity: 16 })
     * producer.push(0.5)
     * producer.close()
     * console.log(consumer.popSync()) // 0.5
     * console.log(consumer.popSync(), consumer.done) // undefined true
     * ```
     *
     * @throws {CrosscoreError} `BUSY` while a `ready()` is pending.
     */
    popSync(options?: BlockOptions): Popped<K> | undefined;
    /**
     * As {@link Consumer.popMany}, but blocks this thread while there is nothing. It waits for the first element only:
     * what is there then is taken. 0 or an empty array when the time is over, and when the ring is {@link
     * Consumer.done}.
     */
    readonly popManySync: {
        (into: NumericArray<K>, options?: BlockOptions): number;
        (max: number, options?: BlockOptions): Popped<K>[];
    };
    /**
     * Resolves when there is something to read, or `n` elements or messages: with `true`, or with `false` when the
     * producer is gone and the ring is drained. `true` also when the producer is gone and fewer than `n` are left, and
     * when a ring of messages is full with fewer. One wait at a time on a handle: a second one, and anything that
     * blocks, is refused with `BUSY`. While it is pending it keeps the event loop alive, unless {@link Consumer.unref}
     * says otherwise.
     *
     * @example
     * ```js
     * import { createRing } from 'crosscore'
     *
     * const { producer, consumer } = createRing({ of: 'u16', capacity: 16 })
     * setTimeout(() => producer.push(7), 5)
     * if (await consumer.ready()) console.log(consumer.pop()) // 7
     *
     * const late = consumer.ready({ signal: AbortSignal.timeout(5) })
     * await late.catch((error) => console.log(error.name)) // AbortError
     * ```
     */
    ready(n?: number, options?: ReadyOptions): Promise<boolean>;
    ready(options?: ReadyOptions): Promise<boolean>;
    /** A pending wait keeps the event loop alive (the default). */
    ref(): void;
    /** A pending wait lets the event loop end. */
    unref(): void;
    /**
     * Element by element, until the producer is gone and the last one was read, or this consumer is
     * closed. Leaving the loop early leaves the consumer open: a later loop goes on with the next element.
     *
     * @example
     * ```js
     * import { createRing } from 'crosscore'
     *
     * const { producer, consumer } = createRing({ of: 'i8', capacity: 16 })
     * producer.pushMany([1, 2, 3])
     * producer.close()
     * let sum = 0
     * for await (const value of consumer) sum += value
     * console.log(sum) // 6
     * ```
     */
    [Symbol.asyncIterator](): AsyncIterableIterator<Popped<K>>;
    /**
     * The iteration above with options. Calls of `next()` are answered in their order; `return()` ends one that waits.
     * When the signal aborts, the loop throws an `AbortError`; what was not taken stays in the ring.
     */
    values(options?: ReadyOptions): AsyncIterableIterator<Popped<K>>;
    /**
     * As the iteration above, but what is there is given together, up to `max`: a typed array of its own,
     * or an array of messages. Many times faster where elements come faster than turns.
     *
     * @example
     * ```js
     * import { createRing } from 'crosscore'
     *
     * const { producer, consumer } = createRing({ of: 'i32', capacity: 16 })
     * producer.pushMany([1, 2, 3])
     * producer.close()
     * for await (const batch of consumer.batches(2)) console.log(batch.length) // 2, then 1
     * ```
     */
    batches(max?: number, options?: ReadyOptions): AsyncIterableIterator<Batch<K>>;
    batches(options?: ReadyOptions): AsyncIterableIterator<Batch<K>>;
    /**
     * `popMany(into)` copies elements into a typed array of the ring's kind, as many as there are and fit, and returns how many;
     * `popMany(max)` returns up to `max` elements or messages as an array.
     */
    readonly popMany: {
        (into: NumericArray<K>): number;
        (max: number): Popped<K>[];
    };
    /**
     * Up to `n` of the oldest elements (all, by default) in one contiguous view, or the oldest message,
     * where it lies. It stays in the ring until {@link Consumer.release}, after which the view must not
     * be used. Its `buffer` is the whole ring, twice over: posting or cloning the view clones all of that.
     *
     * @example
     * ```js
     * import { createRing } from 'crosscore'
     *
     * const { producer, consumer } = createRing({ of: 'i16', capacity: 256 })
     * producer.pushMany([3, 4, 5])
     * const samples = consumer.peek(2)
     * console.log(samples[0] + samples[1]) // 7
     * consumer.release(2)
     * console.log(consumer.available) // 1
     * ```
     */
    peek(n?: number): Peek<K>;
    /**
     * Gives back the first `n` elements that the last peek showed (all of them, by default), or the message that it
     * showed. A read by another call since makes the peek void.
     */
    release(n?: number): void;
    /**
     * Calls `fn` with each element that is there, up to `max`, in order; returns how many. A message is
     * shown in place and must not be kept. If `fn` throws, the element that it threw on is gone; none
     * is lost beyond it and none is repeated.
     *
     * Strings are cut from texts of at most 16 KiB that are decoded at once: a short one that is kept keeps the whole
     * text alive, where `pop` gives strings of their own.
     *
     * @example
     * ```js
     * import { createRing } from 'crosscore'
     *
     * const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096 })
     * producer.pushMany([Uint8Array.of(1), Uint8Array.of(2, 3)])
     * let bytes = 0
     * console.log(consumer.drain((message) => (bytes += message.length))) // 2
     * console.log(bytes) // 3
     * ```
     */
    readonly drain: (fn: (value: Shown<K>) => void, max?: number) => number;
    /**
     * As {@link Consumer.drain}, without making anything: `fn` gets the ring's memory and where to look in
     * it, from `start` up to but not including `end`. For `'bytes'` it is called for each message; for
     * other kinds once, with all elements that are there, up to `max`. Nothing there belongs to `fn` after
     * it has returned, and nothing outside the range ever does. If it throws, what it was shown is gone.
     *
     * @example
     * ```js
     * import { createRing } from 'crosscore'
     *
     * const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096 })
     * producer.push(Uint8Array.of(5, 6, 7))
     * let sum = 0
     * consumer.visit((bytes, start, end) => {
     *   for (let i = start; i < end; i++) sum += bytes[i]
     * })
     * console.log(sum) // 18
     * ```
     */
    readonly visit: (fn: (memory: View<K>, start: number, end: number) => void, max?: number) => number;
    /** Elements, or bytes with headers and padding, that can be read now. */
    readonly available: number;
    /** Elements, or bytes, that the ring holds. */
    readonly capacity: number;
    /** What the ring carries. */
    readonly of: K;
    /** What the ring's memory became. */
    readonly memory: 'mirrored' | 'heap';
    /**
     * How many elements or messages are missing so far: before what is read next, or at the end. With what was read it is
     * the place in all that was pushed. 0 without `onFull: 'drop'`; it stays when the handle is closed.
     */
    readonly missed: number;
    /**
     * Where elements are missing, up to what is read next; each is told once, in the order of the stream. Asked before a
     * read, it tells what is missing before the first one read; after it, also what is missing among them. More may be
     * missing before what is read next as long as it is not there: then that place is told again, with the others.
     *
     * The ring remembers 65536 places that were not asked for. What is dropped beyond is counted with the last of them.
     *
     * @example
     * ```js
     * import { createRing } from 'crosscore'
     *
     * const { producer, consumer } = createRing({ of: 'string', capacity: 32, memory: 'heap', onFull: 'drop' })
     * const seen = []
     * const gaps = []
     * let read = 0
     * function readAll() {
     *   const lines = consumer.popMany(100)
     *   // Kept: the last of them may be before a line that has not come yet.
     *   gaps.push(...consumer.gaps())
     *   for (const line of lines) {
     *     while (gaps[0]?.at === read) seen.push(gaps.shift().count)
     *     seen.push(line)
     *     read++
     *   }
     * }
     * for (const line of 'abcd') producer.push(line)
     * readAll()
     * producer.push('e')
     * readAll()
     * console.log(seen) // [ 'a', 'b', 2, 'e' ]
     * ```
     *
     * @throws {CrosscoreError} `CLOSED` and `MOVED` as a read; `BUSY` in a callback that is shown memory in place.
     */
    gaps(): Gap[];
    /** Whether the producer is gone, or this handle was closed. There may still be something to read. */
    readonly closed: boolean;
    /** Whether everything that will ever come has been read, or this handle was closed. */
    readonly done: boolean;
    /**
     * Why the producer closed, if it gave a reason. It is there as soon as the producer has closed, and may be asked
     * for when all is read.
     */
    readonly reason: Error | undefined;
    readonly stats: Stats;
    /**
     * This consumer as a stream of Node, whose it is from here on: chunks of bytes for `'bytes'` unless `objectMode` says
     * messages, elements otherwise. It ends when the producer has closed and all is read, is destroyed with the
     * producer's reason where there is one, and closes the ring when it is destroyed.
     */
    toReadable(options?: ToReadableOptions): Readable;
    /**
     * This consumer as a web stream, whose it is from here on: for `'bytes'` a byte stream, whose readers may bring
     * buffers of their own. Chunks are copies.
     *
     * @example
     * ```js
     * import { createRing } from 'crosscore'
     *
     * const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096 })
     * producer.push(Uint8Array.of(1, 2, 3))
     * const reader = consumer.toReadableStream().getReader({ mode: 'byob' })
     * const { value } = await reader.read(new Uint8Array(2))
     * console.log(value.join()) // 1,2
     * ```
     */
    toReadableStream(options?: ToReadableStreamOptions): ReadableStream<Popped<K>>;
    /**
     * Reads nothing more: what is left is dropped, and the producer finds the ring closed. May be called again. The
     * name, message, code and cause of `reason` reach the producer as {@link Producer.reason}, and as the cause of what
     * its next write throws.
     */
    close(reason?: Error): void;
    /** As {@link Consumer.close}, for `using`. */
    [Symbol.dispose](): void;
    /** Empties this handle and returns a token for it, as {@link Producer.move} does; `Consumer.from(token)` takes it. */
    move(options?: MoveOptions): ConsumerToken<K>;
}
/** Takes the handles that tokens stand for; `instanceof Consumer` tells consumers. */
export declare const Consumer: {
    /**
     * Takes the consumer that `token` stands for.
     *
     * @throws {CrosscoreError} `TOKEN` for one that was used or revoked, is forged or a producer's, whose `of` was changed, or that
     * comes from another process or another copy of this package.
     */
    from<K extends ElementKind>(token: ConsumerToken<K>, options?: ClaimOptions<K>): Consumer<K>;
    [Symbol.hasInstance](value: unknown): value is Consumer<any>;
};
/**
 * Closes the handle that `token` stands for, so that the other side does not wait for somebody who will never come.
 * `false` if it was claimed or revoked before; then nothing has changed.
 *
 * @example
 * ```js
 * import { createRing, revoke } from 'crosscore'
 *
 * const { producer, consumer } = createRing({ of: 'f64', capacity: 16 })
 * const token = consumer.move()
 * console.log(revoke(token), producer.closed) // true true
 * ```
 *
 * @throws {CrosscoreError} `TOKEN` for what is no token.
 */
export declare const revoke: (token: ProducerToken<ElementKind> | ConsumerToken<ElementKind>) => boolean;
/**
 * How calls cross from JavaScript into Rust in this process: `'express'` where V8 can call Rust directly from
 * optimised code,
 * `'node-api'` elsewhere. Results are the same.
 */
export interface Lane {
    readonly name: 'express' | 'node-api';
    /** Why it is that one. */
    readonly reason: string;
}
/** The lane of this thread. */
export declare const lane: Lane;
/** What {@link native} is: opaque. */
export interface Native {
    /** For its type alone. */
    readonly [brand]: 'native';
}
declare const brand: unique symbol;
/**
 * What an addon made with the Rust crate `crosscore-napi` is given, so that it can make rings whose other end it keeps on
 * threads of Rust. The tokens that it returns are claimed with this same copy of the package.
 *
 * JavaScript can do nothing else with it. It cannot be posted: each thread imports its own, and all lead to the same.
 */
export declare const native: Native;
/**
 * What an error is about.
 *
 * | code | meaning |
 * | --- | --- |
 * | `ERR_CROSSCORE_INVALID_ARG` | an argument is wrong; the message says what was given and what is allowed |
 * | `ERR_CROSSCORE_CLOSED` | the handle was closed, or there is nobody at the other end |
 * | `ERR_CROSSCORE_MOVED` | the handle was moved |
 * | `ERR_CROSSCORE_TOKEN` | a token was used or revoked, is forged, changed, of the wrong side, or from another process or copy of the package |
 * | `ERR_CROSSCORE_TOO_LARGE` | a message or reservation can never fit |
 * | `ERR_CROSSCORE_BUSY` | a reservation, a callback or a wait is under way |
 * | `ERR_CROSSCORE_MEMORY` | the system gives no memory for the ring |
 * | `ERR_CROSSCORE_UNSUPPORTED` | this runtime forbids or lacks what the ring needs |
 * | `ERR_CROSSCORE_CORRUPT` | something wrote into the ring through a view that it no longer owned |
 */
export type CrosscoreErrorCode = 'ERR_CROSSCORE_INVALID_ARG' | 'ERR_CROSSCORE_CLOSED' | 'ERR_CROSSCORE_MOVED' | 'ERR_CROSSCORE_TOKEN' | 'ERR_CROSSCORE_TOO_LARGE' | 'ERR_CROSSCORE_BUSY' | 'ERR_CROSSCORE_MEMORY' | 'ERR_CROSSCORE_UNSUPPORTED' | 'ERR_CROSSCORE_CORRUPT';
/**
 * What this package throws. A structured clone (`postMessage`, a pool's result) keeps of an error its message, cause
 * and stack, not its class, name and code: the first line of the stack has both, as `CrosscoreError
 * [ERR_CROSSCORE_CLOSED]: …`.
 */
export interface CrosscoreError extends Error {
    readonly name: 'CrosscoreError';
    readonly code: CrosscoreErrorCode;
}
/** For `instanceof`. */
export declare const CrosscoreError: {
    new (code: CrosscoreErrorCode, message: string, options?: {
        cause?: unknown;
    }): CrosscoreError;
    readonly prototype: CrosscoreError;
};
export { createDuplex, Duplex, type DuplexToken } from './lib/patterns/duplex.js';
export { merge, type Merged, type MergeOptions } from './lib/patterns/merge.js';
export { rpc, type Answer, type CallOptions, type Remote, type RemoteCall, type Rpc, type RpcOptions } from './lib/patterns/rpc.js';
export { spread, type Spread, type SpreadBy, type SpreadOptions } from './lib/patterns/spread.js';
export type { ToReadableOptions, ToWritableOptions, ToReadableStreamOptions, ToWritableStreamOptions };
