//! How large a frame may be. Headers can lie, and a picture that does not fit into memory must not
//! be found out by trying.

use std::path::Path;

use super::InputError;

/// Pixels of the largest frame that is analysed: three times those of 8K video.
pub const MOST_PIXELS: usize = 100_000_000;
/// Its longest side in pixels.
const LONGEST_SIDE: usize = 32_768;

/// Refuses frames that are too large, or have no pixels.
pub(super) fn check_frame(path: &Path, width: usize, height: usize) -> Result<(), InputError> {
    let path = path.to_owned();
    if width == 0 || height == 0 {
        return Err(InputError::NoPixels { path });
    }
    let too_many = width.checked_mul(height).is_none_or(|n| n > MOST_PIXELS);
    if too_many || width.max(height) > LONGEST_SIDE {
        return Err(InputError::TooLarge {
            path,
            width,
            height,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_k_is_fine_and_a_bomb_is_not() {
        let check = |width, height| check_frame(Path::new("a.mp4"), width, height);
        assert!(check(7680, 4320).is_ok());
        assert!(check(4320, 7680).is_ok());
        assert!(check(1, 1).is_ok());
        for (width, height) in [
            (100_000, 100_000),
            (usize::MAX, 2),
            (32_769, 1),
            (12_000, 9_000),
        ] {
            let error = check(width, height).unwrap_err().to_string();
            assert!(
                error.contains("a.mp4") && error.contains("100 million"),
                "{error}"
            );
        }
        assert!(matches!(check(0, 5), Err(InputError::NoPixels { .. })));
    }
}
