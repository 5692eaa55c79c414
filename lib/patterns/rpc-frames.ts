// Frames of an rpc: how a question, an answer and what comes with them lie in a message, and how they are sent.
//
// A frame is a message: a header of 8 bytes (type, flags, number of the method, number of the call) and a payload. A
// payload that is too long for the ring goes in several frames, of which all but the last carry MORE.

import type { Producer } from '../../index.js'
import { consumerGone } from '../adapters/closing.js'
import { longestPiece } from '../adapters/sending.js'
import { CrosscoreError } from '../environment/errors.js'

const HEADER = 8
/** The ring of the least capacity holds a frame with so much of a payload. */
const LEAST_PAYLOAD = 8
export const LEAST_CAPACITY = 32

export const CALL = 1
export const NAME = 2
export const VALUE = 3
export const FAILED = 4
export const STREAM = 5
export const ITEM = 6
export const END = 7
export const PULL = 8
export const CANCEL = 9

/** The payload goes on in the next frame. */
const MORE = 1
/** Some arguments are signals: the payload is [arguments, places of the signals]. */
export const SIGNALS = 2

/** Items of a stream that may be on their way before some are taken. */
export const WINDOW = 64
/** Frames that wait for room, beyond which a stream makes no more. */
const BACKLOG = 64

export const NOTHING = new Uint8Array(0)

interface Frame {
  type: number
  flags: number
  method: number
  id: number
  payload: Uint8Array
}

/** Sends frames in order; those that find no room wait. */
export class FrameSender {
  readonly #producer: Producer<'bytes'>
  readonly #lost: (error: unknown) => void
  /** The longest payload of one frame. */
  readonly #longest: number

  readonly #backlog: Frame[] = []
  #sending = false
  /** The connection has ended. */
  #over = false
  /** The other end reads no more. */
  #mute = false
  #drained: (() => void)[] = []

  /** `lost` is called, once, when nothing can be sent any more. */
  constructor(producer: Producer<'bytes'>, lost: (error: unknown) => void) {
    this.#producer = producer
    this.#lost = lost
    this.#longest = Math.max(LEAST_PAYLOAD, longestPiece(producer.capacity) - HEADER)
  }

  send(type: number, flags: number, method: number, id: number, payload: Uint8Array): void {
    if (this.#over || this.#mute) return
    let start = 0
    do {
      const end = Math.min(payload.length, start + this.#longest)
      const part = payload.length <= this.#longest ? payload : payload.subarray(start, end)
      const frame = { type, flags: end < payload.length ? flags | MORE : flags, method, id, payload: part }
      // Behind what waits already: the parts of a payload must not be parted.
      // A frame that waits needs bytes of its own: those of `encode` are used again.
      if (this.#backlog.length > 0 || !this.#write(frame)) this.#backlog.push({ ...frame, payload: part.slice() })
      start = end
    } while (start < payload.length && !this.#mute)
    if (this.#backlog.length > 0 && !this.#sending) void this.#sendBacklog()
  }

  /** Writes a frame in place; false if there is no room. */
  #write({ type, flags, method, id, payload }: Frame): boolean {
    let slot
    try {
      slot = this.#producer.reserve(HEADER + payload.length)
    } catch (error) {
      this.#lose(error)
      return true
    }
    if (slot === null) return false
    slot[0] = type
    slot[1] = flags
    slot[2] = method
    slot[3] = method >>> 8
    slot[4] = id
    slot[5] = id >>> 8
    slot[6] = id >>> 16
    slot[7] = id >>> 24
    slot.set(payload, HEADER)
    try {
      this.#producer.commit()
    } catch (error) {
      this.#lose(error)
    }
    return true
  }

  #lose(error: unknown): void {
    if (this.#mute) return
    this.#mute = true
    this.#backlog.length = 0
    this.#lost(error)
  }

  async #sendBacklog(): Promise<void> {
    this.#sending = true
    const backlog = this.#backlog
    try {
      let sent = 0
      while (sent < backlog.length && !this.#over && !this.#mute) {
        if (this.#write(backlog[sent]!)) {
          sent++
          if (sent < 256 && sent < backlog.length) continue
          // Not one by one: an array that is shifted is moved each time.
          backlog.splice(0, sent)
          sent = 0
          continue
        }
        const { length } = backlog[sent]!.payload
        if (!(await this.#producer.ready(HEADER + length))) throw consumerGone()
      }
    } catch (error) {
      this.#lose(error)
    } finally {
      this.#sending = false
      if (backlog.length < BACKLOG) for (const wake of this.#drained.splice(0)) wake()
    }
  }

  /** Resolves when few frames wait for room. */
  calm(): Promise<void> | undefined {
    if (this.#over || this.#backlog.length < BACKLOG) return undefined
    return new Promise((resolve) => this.#drained.push(resolve))
  }

  /** The connection has ended: what waits is dropped. */
  end(): void {
    this.#over = true
    this.#backlog.length = 0
    for (const wake of this.#drained.splice(0)) wake()
  }
}

/** A whole frame, as it came. */
export interface Received {
  readonly type: number
  readonly flags: number
  readonly method: number
  readonly id: number
  readonly payload: Uint8Array
}

/** Puts frames together whose payload came in parts. */
export class FrameReader {
  /** The parts of a payload that has not come to its end. */
  #parts: Uint8Array[] = []

  /** The frame that ends with this message; undefined if it goes on in the next one. */
  read(frame: Uint8Array): Received | undefined {
    if (frame.length < HEADER) throw foreign(`a frame of ${frame.length} bytes`)
    let payload = frame.subarray(HEADER)
    if ((frame[1]! & MORE) !== 0) {
      this.#parts.push(payload)
      return undefined
    }
    if (this.#parts.length > 0) {
      // Aligned as a frame of its own would be: typed arrays are read where they lie.
      const whole = Buffer.concat([...this.#parts, payload])
      payload = whole.byteOffset % 8 === 0 ? whole : new Uint8Array(whole)
      this.#parts = []
    }
    return {
      type: frame[0]!,
      flags: frame[1]!,
      method: frame[2]! | (frame[3]! << 8),
      id: (frame[4]! | (frame[5]! << 8) | (frame[6]! << 16) | (frame[7]! << 24)) >>> 0,
      payload,
    }
  }
}

export function foreign(what: string): CrosscoreError {
  return new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', `${what} came: the other end of this endpoint is no rpc`)
}
