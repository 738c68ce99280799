//! What action units are called. The names of the Facial Action Coding System, for people who do not
//! know the numbers by heart.

/// The name of an action unit, or nothing for one that these tables do not have.
pub fn name(number: u8) -> Option<&'static str> {
    Some(match number {
        1 => "inner brow raiser",
        2 => "outer brow raiser",
        4 => "brow lowerer",
        5 => "upper lid raiser",
        6 => "cheek raiser",
        7 => "lid tightener",
        9 => "nose wrinkler",
        10 => "upper lip raiser",
        11 => "nasolabial deepener",
        12 => "lip corner puller",
        14 => "dimpler",
        15 => "lip corner depressor",
        16 => "lower lip depressor",
        17 => "chin raiser",
        20 => "lip stretcher",
        23 => "lip tightener",
        24 => "lip pressor",
        25 => "lips part",
        26 => "jaw drop",
        28 => "lip suck",
        43 => "eyes closed",
        45 => "blink",
        _ => return None,
    })
}
