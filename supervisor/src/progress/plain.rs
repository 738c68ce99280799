//! Text as a terminal may be given it: names of files can hold what terminals take for orders.

use std::borrow::Cow;

/// The same text with control characters spelled out, and those that turn the direction of what
/// follows. Line ends and tabs stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_order) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_order(c) {
            plain.extend(c.escape_default());
        } else {
            plain.push(c);
        }
    }
    Cow::Owned(plain)
}

fn is_order(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn orders_to_terminals_are_spelled_out() {
        assert_eq!(printable("Ärger 1.mp4\n\tdone"), "Ärger 1.mp4\n\tdone");
        assert_eq!(printable("a\x1b[2J\rb\0"), "a\\u{1b}[2J\\rb\\u{0}");
        assert_eq!(printable("\u{9b}1m\u{202e}4pm"), "\\u{9b}1m\\u{202e}4pm");
    }

    proptest! {
        #[test]
        fn no_text_gives_orders(text: String) {
            let plain = printable(&text).into_owned();
            prop_assert!(!plain.contains(is_order));
            prop_assert_eq!(printable(&plain).into_owned(), plain.clone());
        }
    }
}
