//! Treating denormal numbers as zero while a network runs.
//!
//! Trained weights can be so small that they are denormal, and Intel's processors compute with
//! those in microcode: a network with many of them (PFLD has 447,229) takes 60 ms instead of 2.5.
//! ONNX Runtime has an option for this, but it only reaches the thread on which the first session
//! of the process was made, and then stays on for everything else that thread computes. Here it is
//! on exactly while a network runs, on whichever thread.

/// Denormals count as zero on this thread from [`AsZero::begin`] until this is dropped.
///
/// Without effect on processors other than x86-64, which compute with denormals at full speed.
pub(crate) struct AsZero {
    #[cfg(target_arch = "x86_64")]
    before: u32,
    /// The setting belongs to a thread, so this must not move to another.
    _thread: std::marker::PhantomData<*const ()>,
}

impl AsZero {
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn begin() -> Self {
        /// Denormal results become zero, and denormal inputs count as zero.
        const FLUSH_TO_ZERO: u32 = 1 << 15;
        const DENORMALS_ARE_ZERO: u32 = 1 << 6;
        let before = control_register();
        set_control_register(before | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
        Self {
            before,
            _thread: std::marker::PhantomData,
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn begin() -> Self {
        Self {
            _thread: std::marker::PhantomData,
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl Drop for AsZero {
    fn drop(&mut self) {
        set_control_register(self.before);
    }
}

/// The register that controls how this thread computes with floats.
#[cfg(target_arch = "x86_64")]
fn control_register() -> u32 {
    let mut value = 0_u32;
    // SAFETY: stores the four bytes of the register to the address given, and nothing else.
    unsafe {
        std::arch::asm!(
            "stmxcsr [{}]",
            in(reg) &raw mut value,
            options(nostack, preserves_flags)
        );
    }
    value
}

#[cfg(target_arch = "x86_64")]
fn set_control_register(value: u32) {
    // SAFETY: `value` is what the register held, but for the treatment of denormals. Between the
    // change and its undoing only ONNX Runtime computes with floats, which does not mind.
    unsafe {
        std::arch::asm!(
            "ldmxcsr [{}]",
            in(reg) &raw const value,
            options(nostack, preserves_flags, readonly)
        );
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    fn denormals_are_zero_only_in_between() {
        // Rust promises nothing about float results while the setting is changed, so the register
        // itself is asked.
        let before = control_register();
        {
            let _zero = AsZero::begin();
            assert_eq!(control_register() & 0x8040, 0x8040);
        }
        assert_eq!(control_register(), before);
        assert!(black_box(f32::MIN_POSITIVE) * black_box(0.5) > 0.0);
    }
}
