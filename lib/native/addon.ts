// The addon, as the rest of lib/ sees it.

import * as timers from 'node:timers'
import * as addon from '../../native.js'

/** A ring's handle as the addon gives it: plain properties, and the functions that are bound to it. */
interface RawHandle {
  readonly number: number
  readonly block: ArrayBuffer
  readonly capacity: number
  readonly offset: number
  readonly memoryKind: 'mirrored' | 'heap'
  readonly ring: number
  readonly kind: number
  readonly publishEvery: number
  readonly elementSize: number
  readonly schema: string
  readonly drops: boolean
  readonly publish: () => true | undefined
  readonly text?: () => string | undefined
  readonly look: () => true | undefined
}

/** What the addon has for an environment: functions that take a handle's number first, and what its copies share. */
interface Calls {
  memory(number: number): ArrayBuffer
  shown(number: number): void
  block(number: number): void
  listen(number: number, callback: () => void): void
  arm(number: number): void
  disarm(number: number): void
  hold(number: number): void
  letGo(number: number): void
  ask(number: number): void
  stats(number: number): void
  close(number: number, reason: string | undefined): void
  reason(number: number): string | undefined
  drop(number: number, count: number): void
  gaps(number: number): number[]
  move(number: number): string
  settle(): boolean
  now(): number
  expressHits(): number
  readonly lane: 'express' | 'node-api'
  readonly laneReason: string
  readonly fastPublish?: (number: number, messages: number) => number | undefined
  readonly fastLook?: (number: number) => number | undefined
  readonly fastPushNumber?: (number: number, value: number) => number | undefined
  readonly fastPushString?: (number: number, text: string) => number | undefined
  readonly fastWriteString?: (number: number, text: string) => number | undefined
  readonly fastPushBytes?: (number: number, bytes: Uint8Array) => number | undefined
  readonly environmentBlock: ArrayBuffer
  readonly setImmediate: typeof timers.setImmediate
  readonly setTimeout: typeof timers.setTimeout
  readonly clearTimeout: typeof timers.clearTimeout
}

// As it is when the package is loaded: a program may replace it.
const Words = Uint32Array
const Positions = Int32Array

const calls = addon.environment(timers.setImmediate, timers.setTimeout, timers.clearTimeout) as unknown as Calls

const notOfThisSide = (): undefined => undefined

/**
 * A handle in this thread. Its cold crossings are methods; what a push or a pop calls is in crossing.ts.
 *
 * When it is collected the handle ends, as if it were closed.
 */
export class NativeHandle {
  /** Slot and generation in one exact double: what the addon's functions take. */
  readonly number: number
  /** The slot alone: what the environment's list takes. */
  readonly slot: number
  /** The control block (control.ts). */
  readonly words: Uint32Array<ArrayBuffer>
  /** The same words as V8 counts fastest: for positions, which wrap around. */
  readonly positions: Int32Array<ArrayBuffer>
  /** In bytes. */
  readonly capacity: number
  /** Where the next slot is, in bytes from the start of the ring. */
  readonly offset: number
  readonly memoryKind: 'mirrored' | 'heap'
  /** The same for both handles of one ring; never used again for another. */
  readonly ring: number
  // What `createRing` was told.
  readonly kind: number
  readonly publishEvery: number
  readonly elementSize: number
  readonly schema: string
  readonly drops: boolean
  // The hot crossings by Node-API, bound to this handle: crossing.ts calls them. They return `true` if a flag is raised.
  readonly publish: () => true | undefined
  /** A consumer's: the oldest message as a string, its length in ANSWER; undefined if it is none that can be had so. */
  readonly text: () => string | undefined
  readonly look: () => true | undefined
  /** When it is collected, nobody has the handle any more: so the addon sees it. */
  readonly owner: object
  #shown = false

  constructor(raw: RawHandle) {
    this.owner = raw
    this.number = raw.number
    this.slot = raw.number % 2 ** 32
    this.words = new Words(raw.block)
    this.positions = new Positions(raw.block)
    this.capacity = raw.capacity
    this.offset = raw.offset
    this.memoryKind = raw.memoryKind
    this.ring = raw.ring
    this.kind = raw.kind
    this.publishEvery = raw.publishEvery
    this.elementSize = raw.elementSize
    this.schema = raw.schema
    this.drops = raw.drops
    this.publish = raw.publish
    this.text = raw.text ?? notOfThisSide
    this.look = raw.look
  }

  /**
   * The one ArrayBuffer over this ring in this thread: twice the capacity, the second half continuing the first. Kept
   * weakly; the memory goes with the last handle, view and token.
   */
  memory(): ArrayBuffer {
    return calls.memory(this.number)
  }

  /** The program gets a view: from now on the memory stays as it is until nothing can reach it. Before the first view. */
  shown(): void {
    if (this.#shown) return
    this.#shown = true
    calls.shown(this.number)
  }

  /** Waits on this thread for WANTED bytes or a SLICE of time, at most 20 ms, then looks. */
  block(): void {
    calls.block(this.number)
  }

  /** Installs what is called on the event loop after the doorbell was rung for this handle. Once. */
  listen(callback: () => void): void {
    calls.listen(this.number, callback)
  }

  /** Publishes, and leaves the doorbell with the other side unless WANTED bytes are there: ARMED tells. */
  arm(): void {
    calls.arm(this.number)
  }

  /** Takes the doorbell back. */
  disarm(): void {
    calls.disarm(this.number)
  }

  /** This handle's wait keeps the event loop alive. */
  hold(): void {
    calls.hold(this.number)
  }

  /** It does so no longer. */
  letGo(): void {
    calls.letGo(this.number)
  }

  /** Refreshes KNOWN and FLAGS. Publishes nothing and counts nothing. */
  ask(): void {
    calls.ask(this.number)
  }

  /** Writes the statistics into the block (STATS). */
  stats(): void {
    calls.stats(this.number)
  }

  /** Publishes what is pending and ends the handle. The first reason that either side gives reaches the other. */
  close(reason?: string): void {
    calls.close(this.number, reason)
  }

  /** What the other side closed with, once it is known to have closed. */
  reason(): string | undefined {
    return calls.reason(this.number)
  }

  /** A producer has dropped so many, behind what it has written. */
  drop(count: number): void {
    calls.drop(this.number, count)
  }

  /** What a consumer has come to and was not told of: place, count, place, count, … (INV-NODE-13). */
  gaps(): number[] {
    return calls.gaps(this.number)
  }

  /** Empties the handle; the id of a token that stands for it, 32 hexadecimal digits. */
  move(): string {
    return calls.move(this.number)
  }
}

/** Bytes on this kind of memory. */
export type MemoryChoice = 0 /* auto */ | 1 /* mirrored */ | 2 /* heap */

/**
 * Makes a ring of at least `capacity` bytes. `kind`, `publishEvery` (a word), `elementSize` (bytes), `schema` and `drops`
 * come back with each handle, wherever it goes.
 */
export function createRing(
  capacity: number,
  memory: MemoryChoice,
  kind: number,
  publishEvery: number,
  elementSize: number,
  schema: string,
  drops: boolean,
): { producer: NativeHandle; consumer: NativeHandle } {
  const { producer, consumer } = addon.createRing(capacity, memory, kind, publishEvery, elementSize, schema, drops) as unknown as {
    producer: RawHandle
    consumer: RawHandle
  }
  return { producer: new NativeHandle(producer), consumer: new NativeHandle(consumer) }
}

/**
 * Takes the handle that a token stands for; throws what is wrong with it. A ring of another kind or schema is told as
 * `of:KIND:SCHEMA`, and the token stays good.
 */
export function claim(id: string, origin: string, producer: boolean, kind: number, schema: string): NativeHandle {
  return new NativeHandle(addon.claim(id, origin, producer, kind, schema) as unknown as RawHandle)
}

/** Closes the handle that a token stands for; false if it was claimed or revoked before. */
export function revoke(id: string, origin: string): boolean {
  return addon.revoke(id, origin)
}

/** Whether nobody has claimed or revoked the token of this id, which was made in this process. */
export function isParked(id: string): boolean {
  return addon.isParked(id)
}

/** Process, addon image, version and format: what a token has to have in common with this. */
export const origin: string = addon.origin()

/** What an addon of somebody else's reaches this one by: an external value that carries its table of functions. */
export const foreign: unknown = addon.foreignTable()

/** What all copies of this package in a thread share. */
export interface Environment {
  /** The environment's block (control.ts). */
  readonly words: Uint32Array<ArrayBuffer>
  /** Milliseconds of a clock that no program can set or fake. */
  readonly now: () => number
  /** As the first copy of the package found them. */
  readonly setImmediate: typeof timers.setImmediate
  readonly setTimeout: typeof timers.setTimeout
  readonly clearTimeout: typeof timers.clearTimeout
  /** Publishes what every handle on the list owes; whether there was anything. */
  readonly settle: () => boolean
}

export const environment: Environment = {
  words: new Words(calls.environmentBlock),
  now: calls.now,
  setImmediate: calls.setImmediate,
  setTimeout: calls.setTimeout,
  clearTimeout: calls.clearTimeout,
  settle: calls.settle,
}

/** How hot crossings are made. The reason is V8's version, or why there is no express lane. */
export const lane: { readonly name: 'express' | 'node-api'; readonly reason: string } = { name: calls.lane, reason: calls.laneReason }

/** How often the express lane was taken in this process, for tests. */
export function expressHits(): number {
  return calls.expressHits()
}

/**
 * The express lane's functions: `undefined` where V8 does not take it, which it does in optimised code only. Where the
 * lane is off they do nothing, and V8 inlines them.
 */
export const FAST_PUBLISH: (number: number, messages: number) => number | undefined = calls.fastPublish ?? ((_number, _messages) => undefined)
export const FAST_LOOK: (number: number) => number | undefined = calls.fastLook ?? ((_number) => undefined)
export const FAST_PUSH_NUMBER: (number: number, value: number) => number | undefined = calls.fastPushNumber ?? ((_number, _value) => undefined)
/** Without them, too, where strings cannot be read. */
export const FAST_PUSH_STRING: (number: number, text: string) => number | undefined = calls.fastPushString ?? ((_number, _text) => undefined)
export const FAST_WRITE_STRING: (number: number, text: string) => number | undefined = calls.fastWriteString ?? ((_number, _text) => undefined)
/** Without them, too, where bytes cannot be read. */
export const FAST_PUSH_BYTES: (number: number, bytes: Uint8Array) => number | undefined = calls.fastPushBytes ?? ((_number, _bytes) => undefined)
