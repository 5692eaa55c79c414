//! Asking for a line before it is needed.

/// Asks for the line at `address`, for reading, into every level of cache. Touches nothing: it is no
/// access in the sense of the memory model, and an address that is not mapped is ignored.
#[inline(always)]
pub(crate) fn prefetch<T>(address: *const T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: INV-ALIAS-1: a prefetch reads nothing into the program and forms no reference, so the slot may
    // be the other side's; it cannot fault (Intel SDM, PREFETCHh).
    unsafe {
        core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(address.cast());
    }
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: INV-ALIAS-1: as above; it cannot fault (Arm ARM, PRFM). `core::arch` has it as an unstable
    // function only.
    unsafe {
        core::arch::asm!("prfm pldl1keep, [{}]", in(reg) address, options(nostack, preserves_flags, nomem));
    }
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let _ = address;
}
