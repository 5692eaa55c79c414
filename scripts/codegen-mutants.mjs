// Programs that scripts/test-codegen.mjs has to find wrong. One that it accepts means that it sees nothing.

/** Functions of crates/crosscore-probes/src/bin/codegen-mutants.rs, judged as the right ones are. */
export const wrongProbes = ['x86_64', 'aarch64'].flatMap((processor) => {
  const mutant = (probe, because) => ({ processor, program: 'codegen-mutants', like: 'probe_push', probe, because })
  return [
    // Without LSE a call into the compiler's library, which chooses by processor.
    mutant('mutant_fetch_add', /lock |no way through/),
    mutant('mutant_fence', /`(?:lock or|mfence|dmb)/),
    mutant('mutant_two_publications', /2 publications/),
    mutant('mutant_looks_each_time', /publishes without a look/),
  ]
})

/** The right probes, with one ordering changed. */
export const wrongOrderings = [
  { processor: 'x86_64', weaken: 'PUBLISH_TAIL=SeqCst', probe: 'probe_push', because: /`xchg/ },
  { processor: 'x86_64', weaken: 'PUBLISH_HEAD=SeqCst', probe: 'probe_release_raw', because: /`xchg/ },
  { processor: 'aarch64', weaken: 'PUBLISH_TAIL=Relaxed', probe: 'probe_commit', because: /`str / },
  { processor: 'aarch64', weaken: 'NOTICE_CLOSED=Acquire', probe: 'probe_push', because: /`ldar/ },
  { processor: 'aarch64', weaken: 'OBSERVE_HEAD=Relaxed', probe: 'probe_push', because: /`ldr / },
  { processor: 'aarch64_rcpc', weaken: 'OBSERVE_TAIL=SeqCst', probe: 'probe_pop', because: /`ldar / },
]

const cursors = 'crates/crosscore/src/cursors.rs'

/** The right probes over a source that was changed. */
export const wrongSources = [
  {
    processor: 'x86_64',
    name: 'a copy that suffices is not believed',
    probe: 'probe_push',
    because: /publishes without a look/,
    patches: [[cursors, 'if known.count >= wanted {\n            return known;\n        }\n        seldom();', '']],
  },
]
