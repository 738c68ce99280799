//! The frame of a page: one HTML file that makes no request.

use sha2::{Digest, Sha256};

/// A page.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Its title, not escaped.
    pub title: &'a str,
    /// The style sheet.
    pub style: &'a str,
    /// What scripts may run: a source of a Content-Security-Policy, or nothing.
    pub script_source: &'a str,
    /// What stands in the body.
    pub body: &'a str,
}

impl Page<'_> {
    /// The whole file.
    pub fn html(&self) -> String {
        let scripts = match self.script_source {
            "" => String::new(),
            source => format!("; script-src {source}"),
        };
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; \
             style-src 'unsafe-inline'{scripts}\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width\"/>\n\
             <title>{title}</title>\n<style>\n{style}</style></head>\n<body>\n{body}\n</body></html>\n",
            title = escape(self.title),
            style = self.style,
            body = self.body,
        )
    }
}

/// Text as it can stand anywhere in a page.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// The source that lets exactly this script run: `'sha256-…'`.
pub fn script_hash(script: &str) -> String {
    format!("'sha256-{}'", base64(&Sha256::digest(script.as_bytes())))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |i: usize| u32::from(group.get(i).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * i) & 63) as usize] as char;
            text.push(if i <= group.len() { digit } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_usual_one() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(script_hash("").len(), "'sha256-'".len() + 44);
    }

    #[test]
    fn titles_cannot_break_the_page() {
        let page = Page {
            title: "</title><script>",
            style: "",
            script_source: "",
            body: "",
        };
        assert!(
            page.html()
                .contains("<title>&lt;/title&gt;&lt;script&gt;</title>")
        );
        assert!(!page.html().contains("script-src"));
    }
}
