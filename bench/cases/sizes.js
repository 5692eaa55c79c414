/** Elements: a ring that a stream of numbers gets, and one so small that its ends meet all the time. */
export const LARGE = 64 * 1024;
export const SMALL = 256;

/** Bytes: a ring for messages. */
export const MEBIBYTE = 1024 * 1024;
