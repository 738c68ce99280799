//! How often to try an address again, and after how long a pause: policy without clock or network.

use std::time::Duration;

use super::Patience;

/// The pause is never longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What is left of the patience with one address.
#[derive(Debug)]
pub(super) struct Attempts<'a> {
    patience: &'a Patience,
    /// Most bytes that were ever here.
    furthest: u64,
    /// Attempts in a row that brought nothing new.
    in_vain: u32,
}

impl<'a> Attempts<'a> {
    /// At the beginning, with so many bytes here.
    pub fn new(patience: &'a Patience, here: u64) -> Self {
        Self {
            patience,
            furthest: here,
            in_vain: 0,
        }
    }

    /// After an attempt that ended too early with so many bytes here: how long to wait before the
    /// next, or `None` if there should be none. An attempt that got further than all before counts
    /// as the first, so a line that breaks now and then brings large files, too. `asked` is the
    /// pause that the server asks for.
    pub fn failed(&mut self, here: u64, asked: Option<Duration>) -> Option<Duration> {
        if here > self.furthest {
            self.furthest = here;
            self.in_vain = 0;
        }
        self.in_vain += 1;
        if self.in_vain >= self.patience.attempts {
            return None;
        }
        let pause = self.patience.pause * 2u32.saturating_pow(self.in_vain - 1);
        Some(pause.max(asked.unwrap_or_default()).min(LONGEST_PAUSE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_end() {
        let patience = Patience {
            attempts: 4,
            ..Patience::default()
        };
        let mut attempts = Attempts::new(&patience, 0);
        let seconds = [1, 2, 4].map(Duration::from_secs);
        for pause in seconds {
            assert_eq!(attempts.failed(0, None), Some(pause));
        }
        assert_eq!(attempts.failed(0, None), None);
    }

    #[test]
    fn progress_renews_patience_and_losing_ground_does_not() {
        let patience = Patience {
            attempts: 3,
            ..Patience::default()
        };
        let mut attempts = Attempts::new(&patience, 10);
        let first = Some(Duration::from_secs(1));
        assert_eq!(attempts.failed(20, None), first);
        assert_eq!(attempts.failed(30, None), first);
        assert!(attempts.failed(20, None).is_some());
        // A server that begins anew each time and always breaks off at the same place.
        assert_eq!(attempts.failed(30, None), None);
    }

    #[test]
    fn a_server_s_wish_is_heard_within_limits() {
        let patience = Patience::default();
        let mut attempts = Attempts::new(&patience, 0);
        let five = Duration::from_secs(5);
        assert_eq!(attempts.failed(0, Some(five)), Some(five));
        let hour = Duration::from_secs(3600);
        assert_eq!(attempts.failed(0, Some(hour)), Some(LONGEST_PAUSE));
    }
}
