// What a case and a contender are. Types only, but for the one error that both sides of the harness know.

/**
 * One end of a contender, made inside the thread that will run it. `run` does exactly `count` elements, numbered
 * from `first` on, and an isolate runs one contender only: V8 compiles the loop that it shares with others for it
 * alone. It returns nothing, or a promise where the end needs its event loop.
 *
 * An end that cannot be timed from outside says when it ended (`end`, from process.hrtime.bigint()); an end that
 * measures round trips hands back one sample for each (`samples`, in milliseconds as performance.now() counts).
 *
 * @typedef {{ end?: bigint, samples?: Float64Array } | void} Outcome
 * @typedef {{ run(first: number, count: number): Outcome | Promise<Outcome> }} End
 */

/**
 * @typedef {Record<string, any>} Params
 *
 * What `setup` makes in the orchestrating thread: `shared` goes to both ends, `producer` and `consumer` to one
 * each, `transfer` lists what must be transferred with them. `lane`: how ours crosses into Rust, and why.
 *
 * @typedef {{ shared?: any, producer?: any, consumer?: any, lane?: { name: string, reason: string },
 *   transfer?: { producer?: any[], consumer?: any[] } }} Setup
 *
 * A contender exports `shapes`, one entry for each shape of traffic that it can carry. `alone`: the producer
 * starts the other end itself (thread-stream does).
 *
 * @typedef {{
 *   setup(params: Params): Setup | Promise<Setup>,
 *   producer(given: any, params: Params): End | Promise<End>,
 *   consumer?(given: any, params: Params): End | Promise<End>,
 *   alone?: boolean,
 * }} Shape
 */

/**
 * @typedef {object} Entry one contender in one case
 * @property {string} system name in tables, JSON and `--system`
 * @property {string} contender file under bench/contenders, without `.js`
 * @property {string} shape
 * @property {Params} [params]
 * @property {number} [work] elements, where it differs from the case's: slow systems get a smaller, equally fixed amount
 * @property {string} [note]
 * @property {Record<string, string>} [env] of its processes, beside the one of the bench
 * @property {string} [missing] why this row cannot be measured at all
 * @property {boolean} [rustThread] a thread of Rust is one end: the process loads the addon that has them (bench-addon.js)
 *
 * @typedef {object} Aim `ours` must be at least `ratio` times as fast as `against`, or stay below `below` units
 * @property {string} ours
 * @property {string} [against]
 * @property {number} [ratio]
 * @property {number} [below]
 *
 * @typedef {object} Case
 * @property {string} name
 * @property {string} title
 * @property {string} about what one element is and what is done with it
 * @property {'ns' | 'µs'} unit
 * @property {string} per the element, in the singular
 * @property {number} work elements a run
 * @property {number} [batch] where what `run` counts is a block: elements in one, by which the figure is divided
 * @property {number} [warmUp] share of the full work that is done before the clock starts; 0.6 unless said
 * @property {'apart' | 'together' | 'main'} [placement] two CPUs (default), both ends on one, or the producer on the
 *   main thread of its process
 * @property {boolean} [roundTrip] the value is the median of the samples, with p99 and p99.9 beside it
 * @property {{ axis: string, x: number, group: string }} [growth] point of a growth curve
 * @property {Entry[]} entries
 * @property {Aim[]} aims
 */

/** Thrown by `setup` when the library has not got the API yet: the row says so instead of vanishing. */
export class NotAvailable extends Error {
  name = 'NotAvailable';
}
