//! Networks cut down to the one output that is used, and what it needs.
//!
//! Exporters give out whatever a network returned while it was trained. An engine that is asked for
//! one output still keeps the others in its plan, and fuses less where a value is given out.

use std::collections::{HashMap, HashSet};

use faceau_vision::network::{Dimension, Output, Shape, Signature};
use faceau_vision::openface3::star;
use prost::Message;

use crate::ConversionError;
use crate::onnx::messages::{GraphProto, ModelProto, NodeProto, ValueInfoProto};
use crate::rewrite::{read, unexpected};

/// The STAR network with the last of its outputs that is 98 points, listed once.
///
/// # Errors
/// When it is no ONNX file, or not one of STAR.
pub fn last_landmarks(model: &[u8]) -> Result<Vec<u8>, ConversionError> {
    let mut model = read(model)?;
    let graph = model.graph.get_or_insert_default();
    let chosen = star::choose_outputs(&signature(graph)?).map_err(unexpected)?;
    // It chooses one.
    let output = chosen.first().map(|&place| graph.output.swap_remove(place));
    graph.output = output.into_iter().collect();
    keep_what_is_needed(&mut model)?;
    Ok(model.encode_to_vec())
}

/// What the network declares.
fn signature(graph: &GraphProto) -> Result<Signature, ConversionError> {
    let constants: HashSet<&str> = graph.initializer.iter().filter_map(name_of).collect();
    let mut inputs = graph.input.iter();
    // Old files list constants among the inputs.
    let input = inputs
        .find(|input| !constants.contains(input.name.as_deref().unwrap_or_default()))
        .ok_or_else(|| unexpected("it has no input".to_owned()))?;
    let outputs = graph.output.iter().map(|output| Output {
        name: output.name.clone().unwrap_or_default(),
        shape: shape(output),
    });
    Ok(Signature {
        input: shape(input),
        outputs: outputs.collect(),
    })
}

fn name_of(constant: &crate::onnx::messages::TensorProto) -> Option<&str> {
    constant.name.as_deref()
}

fn shape(value: &ValueInfoProto) -> Shape {
    let kind = value.kind.as_ref();
    let shape = kind.and_then(|kind| kind.tensor_type.as_ref()?.shape.as_ref());
    let sides = shape.into_iter().flat_map(|shape| &shape.dim);
    let side = |value: i64| usize::try_from(value).ok();
    Shape(
        sides
            .map(|dimension| Dimension(dimension.dim_value.and_then(side)))
            .collect(),
    )
}

/// Drops every operation, constant and hint that no output depends on. Order and names stay.
fn keep_what_is_needed(model: &mut ModelProto) -> Result<(), ConversionError> {
    let graph = model.graph.get_or_insert_default();
    let mut makers = HashMap::new();
    for (place, node) in graph.node.iter().enumerate() {
        makers.extend(node.output.iter().map(|name| (name.as_str(), place)));
    }
    let mut kept = vec![false; graph.node.len()];
    let mut needed: HashSet<String> = HashSet::new();
    let outputs = graph.output.iter().filter_map(|output| output.name.clone());
    let mut open: Vec<String> = outputs.collect();
    while let Some(name) = open.pop() {
        if !needed.insert(name.clone()) {
            continue;
        }
        // Inputs and constants have no maker.
        let Some(&place) = makers.get(name.as_str()) else {
            continue;
        };
        if !std::mem::replace(&mut kept[place], true) {
            takes(&graph.node[place], &mut open);
        }
    }
    let mut kept = kept.into_iter();
    graph.node.retain(|_| kept.next() == Some(true));
    if graph.node.is_empty() {
        return Err(unexpected("nothing makes its output".to_owned()));
    }
    let is_needed = |name: Option<&str>| name.is_some_and(|name| needed.contains(name));
    graph.initializer.retain(|one| is_needed(name_of(one)));
    graph
        .value_info
        .retain(|one| is_needed(one.name.as_deref()));
    Ok(())
}

/// Names of all values that an operation takes, also inside of its loops and branches.
fn takes(node: &NodeProto, names: &mut Vec<String>) {
    names.extend(node.input.iter().filter(|name| !name.is_empty()).cloned());
    for graph in node.attribute.iter().filter_map(|one| one.g.as_ref()) {
        // Some of these are made inside; nothing outside has their names.
        names.extend(graph.output.iter().filter_map(|output| output.name.clone()));
        graph.node.iter().for_each(|inner| takes(inner, names));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::{Attribute, Network, Size};

    const POINTS: [Size; 3] = [Size::Open("batch"), Size::Fixed(98), Size::Fixed(2)];

    /// Points of two stages, the last listed twice under one name, and maps that nobody asks for.
    fn two_stages() -> Network {
        let mut net = Network::new();
        let sizes = [1, 3, 256, 256].map(Size::Fixed);
        let input = net.input("input_image", &sizes);
        let mean = net.apply("ReduceMean", &[&input]);
        let mean = net.reshape(&mean, &[1, 1, 1]);
        let mut points = net.constant(&[1, 98, 2], vec![0.5; 196]);
        for name in ["output", "2000"] {
            points = net.apply("Add", &[&points, &mean]);
            net.output(name, &POINTS, &points);
        }
        let maps = net.constant(&[1, 98, 4, 4], vec![0.0; 98 * 16]);
        let maps = net.apply("Mul", &[&maps, &input]);
        net.output("landmarks", &[1, 98, 4, 4].map(Size::Fixed), &maps);
        net.output_again("2000", &POINTS);
        net
    }

    fn graph(model: &[u8]) -> GraphProto {
        read(model).unwrap().graph.unwrap()
    }

    fn operations(graph: &GraphProto) -> Vec<&str> {
        let nodes = graph.node.iter();
        nodes.filter_map(|node| node.op_type.as_deref()).collect()
    }

    #[test]
    fn one_output_and_what_it_needs_stay() {
        let before = two_stages().encode();
        let after = graph(&last_landmarks(&before).unwrap());
        let names: Vec<_> = after.output.iter().map(|o| o.name.as_deref()).collect();
        assert_eq!(names, [Some("2000")]);
        // Neither the maps nor what gives out the first stage's points.
        let expected = ["ReduceMean", "Reshape", "Add", "Add", "Identity"];
        assert_eq!(operations(&after), expected);
        let before = graph(&before);
        assert_eq!(after.input, before.input);
        assert_eq!(after.initializer.len() + 1, before.initializer.len());
    }

    #[test]
    fn what_a_loop_takes_from_outside_stays() {
        let mut net = two_stages();
        let outside = net.constant(&[1], vec![2.0]);
        let mut body = net.nested();
        let doubled = body.apply("Mul", &[&outside, &outside]);
        body.output("after", &[Size::Fixed(1)], &doubled);
        let body = vec![("body", Attribute::Graph(body))];
        let looped = net.apply_with("Loop", &[""], body);
        net.output("points", &POINTS, &looped);
        let after = graph(&last_landmarks(&net.encode()).unwrap());
        assert_eq!(operations(&after), ["Loop", "Identity"]);
        let constants: Vec<_> = after.initializer.iter().filter_map(name_of).collect();
        assert_eq!(constants, [outside]);
    }

    #[test]
    fn another_network_is_refused_with_what_it_has() {
        let mut net = Network::new();
        let input = net.input("input", &[1, 3, 224, 224].map(Size::Fixed));
        net.output("emotion", &[1, 8].map(Size::Fixed), &input);
        let error = last_landmarks(&net.encode()).unwrap_err().to_string();
        assert!(error.contains("1x3x224x224"), "{error}");
        assert!(last_landmarks(b"not a network").is_err());
    }
}
