//! Work done by several threads whose results are taken in order.

use std::sync::mpsc::sync_channel;
use std::thread;

/// Results that each thread may be ahead by.
const AHEAD: usize = 2;

/// Computes `make(state, 0)`, `make(state, 1)` … below `count` on `threads` threads, each with a
/// state of its own, and gives the results to `take` in this order, whatever the threads do.
///
/// # Errors
/// The first error of `take`, after which nothing more is computed.
pub fn in_order<S, T: Send, E>(
    count: usize,
    threads: usize,
    state: impl Fn() -> S + Sync,
    make: impl Fn(&mut S, usize) -> T + Sync,
    mut take: impl FnMut(usize, T) -> Result<(), E>,
) -> Result<(), E> {
    let threads = threads.clamp(1, count.max(1));
    let (state, make) = (&state, &make);
    thread::scope(|scope| {
        // Thread k computes every `threads`th result from the k-th on.
        let results: Vec<_> = (0..threads)
            .map(|first| {
                let (sender, receiver) = sync_channel(AHEAD);
                scope.spawn(move || {
                    let mut state = state();
                    for index in (first..count).step_by(threads) {
                        if sender.send(make(&mut state, index)).is_err() {
                            return;
                        }
                    }
                });
                receiver
            })
            .collect();
        for index in 0..count {
            // A thread that ended early has panicked; the scope passes that on.
            let Ok(result) = results[index % threads].recv() else {
                break;
            };
            take(index, result)?;
        }
        Ok(())
    })
}

/// Pixels that are rendered at once at most: each takes some 40 bytes.
const MOST_PIXELS: usize = 64 << 20;

/// How many threads render pictures of this size: all of them, or fewer where that would take gigabytes.
pub fn render_threads(width: usize, height: usize) -> usize {
    all_threads()
        .min(MOST_PIXELS / (width * height).max(1))
        .max(1)
}

/// As many threads as there are processors for this process.
pub fn all_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
