//! ONNX files from code, for the tiny models of the tests.

use faceau_conversion::onnx::Attribute;
use faceau_conversion::onnx::messages::{BOOL, INT64};
pub use faceau_conversion::onnx::{Network, Size};

/// `from`, after as many rounds of a loop that changes nothing.
pub fn idle(net: &mut Network, from: &str, rounds: i64) -> String {
    let mut body = net.nested();
    body.input_of(INT64, "round", &[]);
    let go_on = body.input_of(BOOL, "go_on", &[]);
    let before = body.input("before", &[Size::Fixed(1)]);
    let one = body.number(1.0);
    let after = body.apply("Mul", &[&before, &one]);
    body.output_of(BOOL, "still_go_on", &[], &go_on);
    body.output("after", &[Size::Fixed(1)], &after);
    let rounds = net.integers(Vec::new(), vec![rounds]);
    let body = vec![("body", Attribute::Graph(body))];
    net.apply_with("Loop", &[&rounds, "", from], body)
}
