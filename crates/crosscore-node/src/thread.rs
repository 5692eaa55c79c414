//! Which thread this is, in one instruction.

/// A number that no other running thread has, and never 0: its thread pointer.
///
/// A later thread may have the number of one that has ended. Whoever keeps one forgets it before the thread ends.
#[inline(always)]
pub(crate) fn current() -> usize {
    pointer()
}

/// The first word of the thread control block is its own address.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
#[inline(always)]
fn pointer() -> usize {
    let pointer: usize;
    // SAFETY: INV-NODE-10: the System V ABI for threads on x86-64 has the block's address at fs:0.
    unsafe {
        std::arch::asm!("mov {}, fs:0", out(reg) pointer, options(nostack, preserves_flags, readonly, pure));
    }
    pointer
}

#[cfg(all(target_arch = "aarch64", target_os = "linux"))]
#[inline(always)]
fn pointer() -> usize {
    let pointer: usize;
    // SAFETY: INV-NODE-10: a register that user code may read, in which Linux keeps the thread pointer.
    unsafe {
        std::arch::asm!("mrs {}, tpidr_el0", out(reg) pointer, options(nostack, preserves_flags, nomem, pure));
    }
    pointer
}

#[cfg(all(target_arch = "aarch64", target_os = "macos"))]
#[inline(always)]
fn pointer() -> usize {
    let pointer: usize;
    // SAFETY: INV-NODE-10: a register that user code may read, in which macOS keeps the thread pointer (the low bits
    // may hold the number of the processor).
    unsafe {
        std::arch::asm!("mrs {}, tpidrro_el0", out(reg) pointer, options(nostack, preserves_flags, nomem));
    }
    pointer & !7
}

/// Elsewhere: the address of something that each thread has its own of.
#[cfg(not(any(
    all(target_arch = "x86_64", target_os = "linux"),
    all(target_arch = "aarch64", target_os = "linux"),
    all(target_arch = "aarch64", target_os = "macos"),
)))]
#[inline]
fn pointer() -> usize {
    thread_local!(static OWN: u8 = const { 0 });
    OWN.with(|own| std::ptr::from_ref(own).addr())
}

#[cfg(test)]
mod tests {
    use super::current;

    // INV-NODE-10
    #[test]
    fn a_thread_has_one_number_of_its_own() {
        let here = current();
        assert_ne!(here, 0);
        assert_eq!(here, current());
        let there = std::thread::spawn(current).join().unwrap();
        assert_ne!(here, there);
    }
}
