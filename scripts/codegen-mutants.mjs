// Programs that scripts/test-codegen.mjs has to find wrong. One that it accepts means that it sees nothing.

/** Functions of crates/crosscore-probes/src/bin/codegen-mutants.rs, judged as the right ones are. */
export const wrongProbes = ['x86_64', 'aarch64'].flatMap((processor) => {
  const mutant = (probe, because) => ({ processor, program: 'codegen-mutants', like: 'probe_push', probe, because })
  return [
    // Without LSE a call into the compiler's library, which chooses by processor.
    mutant('mutant_fetch_add', /lock |no way through/),
    mutant('mutant_fence', /`(?:lock or|mfence|dmb)/),
    mutant('mutant_two_publications', /2 publications/),
    mutant('mutant_looks_each_time', /no way through/),
  ]
})

/** The right probes, with one ordering changed. */
export const wrongOrderings = [
  { processor: 'x86_64', weaken: 'PUBLISH_TAIL=SeqCst', probe: 'probe_push', because: /`xchg/ },
  { processor: 'x86_64', weaken: 'PUBLISH_HEAD=SeqCst', probe: 'probe_release_raw', because: /`xchg/ },
  { processor: 'aarch64', weaken: 'PUBLISH_TAIL=Relaxed', probe: 'probe_commit', because: /`str / },
  { processor: 'aarch64', weaken: 'OWN_HEAD=Acquire', probe: 'probe_pop', because: /`ldar / },
  { processor: 'aarch64', weaken: 'OBSERVE_HEAD=Relaxed', probe: 'refresh_free', because: /`ldr / },
  { processor: 'aarch64_rcpc', weaken: 'OBSERVE_TAIL=SeqCst', probe: 'refresh_available', because: /`ldar / },
]

const cursors = 'crates/crosscore/src/cursors.rs'

/** The right probes over a source that was changed. */
export const wrongSources = [
  {
    processor: 'x86_64',
    name: 'the slow path is inlined',
    probe: 'probe_push',
    because: /OBSERVE_HEAD on the fast path/,
    patches: [[cursors, '#[cold]\n    #[inline(never)]\n    unsafe fn refresh_free', '#[inline(always)]\n    unsafe fn refresh_free']],
  },
]
