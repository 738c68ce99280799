//! Numbers as C's `printf` writes them, quickly.

use std::io::Write;

/// Appends `value` with `decimals` digits after the point, rounded as `printf("%.*f")` rounds it
/// after widening to a double: to nearest by the exact value, ties to even.
///
/// A row has some 700 such numbers; `format!` would take most of the supervisor's time.
pub(super) fn push_f32(text: &mut Vec<u8>, value: f32, decimals: u32) {
    debug_assert!(decimals <= 6);
    let scale = 10_i64.pow(decimals);
    // 24 bits of an f32 times at most 20 bits of the scale are exact in an f64, so rounding the
    // product rounds the exact value.
    let scaled = (f64::from(value) * scale as f64).round_ties_even();
    if scaled.is_nan() || scaled.abs() >= 1e15 {
        push_f64(text, value.into(), decimals as usize);
        return;
    }
    if value.is_sign_negative() {
        text.push(b'-');
    }
    let digits = scaled.abs() as i64;
    push_integer(text, (digits / scale) as u64);
    if decimals > 0 {
        text.push(b'.');
        let mut fraction = digits % scale;
        let mut unit = scale / 10;
        while unit > 0 {
            text.push(b'0' + (fraction / unit) as u8);
            fraction %= unit;
            unit /= 10;
        }
    }
}

/// The same for a double-precision number. What is no number is `nan`.
pub(super) fn push_f64(text: &mut Vec<u8>, value: f64, decimals: usize) {
    // Writing into a vector cannot fail.
    let _ = match value.is_finite() {
        true => write!(text, "{value:.decimals$}"),
        false => write!(text, "nan"),
    };
}

/// Appends a number as Python's `repr` writes it: the shortest text that reads back as the same
/// number.
pub(super) fn push_shortest(text: &mut Vec<u8>, value: f64) {
    let size = value.abs();
    // Writing into a vector cannot fail.
    let _ = if value.is_nan() {
        write!(text, "nan")
    } else if size != 0.0 && !(1e-4..1e16).contains(&size) && size.is_finite() {
        // One digit before the point, and an exponent of at least two digits.
        let spelled = format!("{value:e}");
        let (digits, exponent) = spelled.split_once('e').unwrap_or((&spelled, "0"));
        let sign = if exponent.starts_with('-') { '-' } else { '+' };
        let exponent = exponent.trim_start_matches('-');
        write!(text, "{digits}e{sign}{exponent:0>2}")
    } else {
        write!(text, "{value:?}")
    };
}

/// Appends a whole number.
pub(super) fn push_integer(text: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    text.extend_from_slice(&digits[first..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pushed(value: f32, decimals: u32) -> String {
        let mut text = Vec::new();
        push_f32(&mut text, value, decimals);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn ties_go_to_even_and_zero_keeps_its_sign() {
        assert_eq!(pushed(0.25, 1), "0.2");
        assert_eq!(pushed(0.75, 1), "0.8");
        assert_eq!(pushed(-0.01, 1), "-0.0");
        assert_eq!(pushed(1e20, 1), "100000002004087734272.0");
    }

    #[test]
    fn numbers_are_written_as_python_writes_them() {
        for (value, text) in [
            (0.0, "0.0"),
            (1.0, "1.0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e-4, "0.0001"),
            (1.5e-5, "1.5e-05"),
            (1e-10, "1e-10"),
            (1e16, "1e+16"),
            (123_456_789_012_345.6, "123456789012345.6"),
            (f64::NAN, "nan"),
        ] {
            let mut row = Vec::new();
            push_shortest(&mut row, value);
            assert_eq!(String::from_utf8(row).unwrap(), text);
        }
    }

    proptest! {
        #[test]
        fn as_the_standard_library_writes_it(value: f32, decimals in 0_u32..7) {
            prop_assume!(value.is_finite());
            prop_assert_eq!(pushed(value, decimals), format!("{:.*}", decimals as usize, value));
        }

        #[test]
        fn also_near_ties(steps in -100_000_i32..100_000, decimals in 0_u32..7) {
            let value = steps as f32 / 16.0;
            prop_assert_eq!(pushed(value, decimals), format!("{:.*}", decimals as usize, value));
        }
    }
}
