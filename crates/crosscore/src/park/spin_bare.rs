//! `spin.rs` without `std`: no thread blocks, so there is nothing to wait for but the other side's next
//! instructions.

/// Between two looks at what the other side is about to do. It must be able to do it: see "Without std" in
/// lib.rs for who must not poll.
pub(super) fn back_off(_looks: u32) {
    core::hint::spin_loop();
}
