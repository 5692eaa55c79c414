// What the kinds of messages share where nothing is hot: looks at the other side, and what they find wrong.

import { corrupt } from '../environment/errors.js'
import { settleThread } from '../environment/turn.js'
import type { Port } from '../handle/port.js'
import type { FramedReader, FramedWriter } from '../layout/framed.js'
import { FLAGS } from '../native/control.js'

/** Throws what the last crossing found. */
export function refuse(writer: FramedWriter, port: Port): never {
  writer.free = 0
  port.refuse()
}

/** A look at the consumer's cursor. */
export function refreshWriter(writer: FramedWriter, port: Port): void {
  if (!writer.look()) port.checkFlags()
  else if (writer.bytes.length === 0) port.checkMemory()
}

/** The free bytes, of which fewer than `wanted` were known. */
export function findRoom(writer: FramedWriter, port: Port, wanted: number): number {
  refreshWriter(writer, port)
  if (writer.words[FLAGS] !== 0) refuse(writer, port)
  // The bytes may be missing because a consumer in this very thread has not given them back.
  if (writer.free < wanted && settleThread()) refreshWriter(writer, port)
  if (writer.free < wanted) writer.refused(wanted)
  return writer.free
}

/** A look at the producer's cursor. */
export function refreshReader(reader: FramedReader, port: Port): void {
  if (!reader.look()) port.checkFlags()
  else if (reader.bytes.length === 0) port.checkMemory()
}

/** The bytes of messages that are there, of which none were known. */
export function findMessages(reader: FramedReader, port: Port): number {
  port.checkIdle()
  refreshReader(reader, port)
  // Messages may be missing because a producer in this very thread has not published them.
  if (reader.available === 0 && settleThread()) refreshReader(reader, port)
  if (reader.available === 0) reader.refused()
  return reader.available
}

/** Throws what is wrong with the header of the oldest message, whose length is not to be believed. */
export function refuseLength(reader: FramedReader, port: Port, available: number): never {
  port.checkMemory()
  throw corrupt(reader.claimed(available))
}
