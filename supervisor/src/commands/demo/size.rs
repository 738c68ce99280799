//! The size of a picture on the command line: `1280x720`.

/// Smallest and largest width and height that are rendered.
const LIMITS: std::ops::RangeInclusive<usize> = 32..=8192;

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub width: usize,
    pub height: usize,
}

/// Reads `WIDTHxHEIGHT`.
///
/// # Errors
/// When it is not that, or out of bounds.
pub fn parse_size(text: &str) -> Result<Size, String> {
    let sides = text.split_once(['x', 'X', '×']);
    let numbers = sides.and_then(|(w, h)| Some((w.trim().parse().ok()?, h.trim().parse().ok()?)));
    let Some((width, height)) = numbers else {
        return Err("give width and height in pixels, such as 1280x720".to_owned());
    };
    if !LIMITS.contains(&width) || !LIMITS.contains(&height) {
        return Err(format!(
            "width and height must be from {} to {} pixels",
            LIMITS.start(),
            LIMITS.end()
        ));
    }
    Ok(Size { width, height })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_or_refused() {
        let size = Size {
            width: 1280,
            height: 720,
        };
        assert_eq!(parse_size("1280x720"), Ok(size));
        assert_eq!(parse_size("1280X720"), Ok(size));
        for nonsense in ["", "1280", "x720", "1280x", "-3x4", "8x8", "99999x100"] {
            assert!(parse_size(nonsense).is_err(), "{nonsense}");
        }
    }
}
