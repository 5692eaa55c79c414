// The report's own words: how it was measured, and why one should doubt it. Shared by the page and the table.

/** @param {import('./result.js').Result} result */
export function runsLine({ method: { runs, quick } }) {
  return `${runs === 1 ? '1 run' : `${runs} runs`}${quick ? ' of a quarter of the work (--quick)' : ''}`;
}

/** @param {import('./result.js').Result} result */
export function method(result) {
  const { machine } = result;
  return [
    `Two worker threads, one at each end, ${machine.pinned ? 'each pinned to a CPU of its own (one CPU for both where a case says so)' : `not pinned (${machine.notPinnedBecause})`}; each measurement in a process of its own with new workers.`,
    `${runsLine(result)}; the order of the contenders rotates from run to run. The median is quoted, all runs are kept and drawn as ticks.`,
    'The amount of work is fixed in advance, smaller for slow systems. Start of threads and twenty-four rounds of warm-up, with a rest after each, are not timed; the clock runs from the start of the first end to the last element checked.',
    'Every element is checked by the consumer: numbers in full, strings by their length and two characters and every 64th in full, messages by their length, first and last bytes, frames by a mark in every 64 KiB. A lost, repeated or reordered one fails the case.',
    'Payloads come from a pool: making them is not timed, numbering them is, for all alike. Rings hold 65,536 numbers or 1 MiB unless a case says otherwise, so they are far smaller than the run.',
    'Linux tells how long a thread was ready and had no CPU; a row in which that was more than 5 % of a run says so.',
    'Where our first row has a second one, (node-api), that is the same with the express lane switched off (CROSSCORE_EXPRESS=0).',
    'Contenders share the loops that they are made of, and each runs in an isolate that has seen no other: V8 compiles a loop for it alone.',
  ];
}

/** @param {import('./result.js').Result} result */
export function threats({ machine }) {
  return [
    machine.virtual
      ? 'A virtual machine: its CPUs may share a core or move under us, interrupts cost more, and the cost of a cache line between CPUs depends on where the host put them. Ratios travel better than nanoseconds.'
      : 'One machine: the cost of a cache line between two cores differs by a factor of five between processors.',
    'The hand-written rings are inlined into their loops and carry one type; a program that uses them through an interface of its own may find them slower. They have no tokens, no closing, no waiting, no proof. They stand here because they show how much of the speed is the technique and not the language.',
    'For numbers one by one, a crossing into Rust costs about what an Atomics.store costs; there is nothing to win there but the guarantees.',
    'A consumer that only checks is as fast as consumers get; with real work at either end, differences between fast rings vanish in it.',
    'Throughput of a paced consumer depends on how fast the two ends happen to run against each other: look at the spread of the ticks, not only at the median.',
    'The clock of the round trips has a grain (10 ns on some machines) and is part of each sample, for all contenders alike.',
    'postMessage is given a window that keeps memory bounded, acknowledged through shared memory; an unbounded flood is a little faster until memory runs out.',
    'The contenders, the harness and the ring come from the same hands. All is in bench/; corrections are welcome.',
  ];
}

/** @param {Pick<import('./result.js').Result, 'machine'> & { node?: string }} result without `node` the machine alone */
export function machineLine({ machine, node }) {
  const virtual = machine.virtual ? ', virtual' : '';
  return `${machine.cpu}, ${machine.cpus} CPUs${virtual}, ${machine.memoryGiB} GiB, ${machine.os}, ${machine.arch}${node ? `, Node ${node}` : ''}`;
}

/** @param {import('./result.js').Result} result */
export function versionsLine({ versions }) {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
}
