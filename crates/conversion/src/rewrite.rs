//! Changes to networks that are ONNX already.

use prost::Message;

use crate::ConversionError;
use crate::onnx::messages::{Dimension, FLOAT, ModelProto, TensorProto};

/// The network with all subnormal weights set to zero, and how many there were. Such numbers are too
/// small to matter and cost some processors a hundred times as long as others.
///
/// # Errors
/// When it is no ONNX file.
pub fn without_subnormals(model: &[u8]) -> Result<(Vec<u8>, usize), ConversionError> {
    let mut model = read(model)?;
    let mut count = 0;
    let graph = model.graph.get_or_insert_default();
    let constants = graph.node.iter_mut().flat_map(|node| &mut node.attribute);
    let constants = constants.filter_map(|attribute| attribute.t.as_mut());
    for tensor in graph.initializer.iter_mut().chain(constants) {
        if tensor.data_type == Some(FLOAT) {
            count += clear_subnormals(tensor);
        }
    }
    Ok((model.encode_to_vec(), count))
}

fn clear_subnormals(tensor: &mut TensorProto) -> usize {
    let mut count = 0;
    for value in &mut tensor.float_data {
        if value.is_subnormal() {
            *value = 0.0;
            count += 1;
        }
    }
    let raw = tensor.raw_data.as_deref_mut().unwrap_or_default();
    for bytes in raw.as_chunks_mut::<4>().0 {
        if f32::from_le_bytes(*bytes).is_subnormal() {
            *bytes = [0; 4];
            count += 1;
        }
    }
    count
}

/// How many nodes of a kind that ONNX Runtime computes slowly a network has: PRelu, which it does three
/// times as fast when it is written as `relu(x) (1 - a) + a x`.
///
/// # Errors
/// When it is no ONNX file.
pub fn slow_nodes(model: &[u8]) -> Result<usize, ConversionError> {
    let model = read(model)?;
    let nodes = model.graph.iter().flat_map(|graph| &graph.node);
    Ok(nodes
        .filter(|node| node.op_type.as_deref() == Some("PRelu"))
        .count())
}

/// The network for inputs of exactly this shape.
///
/// # Errors
/// When it is no ONNX file, or does not take one input with as many sides.
pub fn with_fixed_input(model: &[u8], shape: &[usize]) -> Result<Vec<u8>, ConversionError> {
    let mut model = read(model)?;
    let graph = model.graph.get_or_insert_default();
    let constants: Vec<&str> = graph
        .initializer
        .iter()
        .filter_map(|c| c.name.as_deref())
        .collect();
    // Old files list constants among the inputs.
    let is_input = |name: Option<&str>| name.is_some_and(|name| !constants.contains(&name));
    let mut inputs: Vec<usize> = (0..graph.input.len()).collect();
    inputs.retain(|&i| is_input(graph.input[i].name.as_deref()));
    let [input] = inputs[..] else {
        return Err(unexpected(format!("it has {} inputs", inputs.len())));
    };
    let kind = graph.input[input].kind.as_mut();
    let sides = kind
        .and_then(|kind| kind.tensor_type.as_mut()?.shape.as_mut())
        .map(|shape| &mut shape.dim)
        .filter(|sides| sides.len() == shape.len())
        .ok_or_else(|| unexpected(format!("its input does not have {} sides", shape.len())))?;
    for (side, &fixed) in sides.iter_mut().zip(shape) {
        let fixed = fixed as i64;
        if side.dim_value.is_some_and(|value| value != fixed) {
            return Err(unexpected("its input has another fixed size".to_owned()));
        }
        *side = Dimension {
            dim_value: Some(fixed),
            dim_param: None,
        };
    }
    // Said of open sizes, which are not open any more.
    graph.value_info.clear();
    Ok(model.encode_to_vec())
}

pub(crate) fn read(model: &[u8]) -> Result<ModelProto, ConversionError> {
    ModelProto::decode(model).map_err(|error| unexpected(error.to_string()))
}

pub(crate) fn unexpected(reason: String) -> ConversionError {
    ConversionError::Source(reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::{Network, Size};

    fn scaled(numbers: Vec<f32>) -> Vec<u8> {
        let mut net = Network::new();
        let sizes = [Size::Fixed(1), Size::Open("width")];
        let input = net.input("input", &sizes);
        let numbers = net.constant(&[1, numbers.len()], numbers);
        let scaled = net.apply("Mul", &[&input, &numbers]);
        net.output("output", &sizes, &scaled);
        net.encode()
    }

    fn numbers(model: &[u8]) -> Vec<f32> {
        let graph = read(model).unwrap().graph.unwrap();
        let constant = &graph.initializer[0];
        match &constant.raw_data {
            Some(raw) => {
                let (words, _) = raw.as_chunks::<4>();
                words.iter().map(|&word| f32::from_le_bytes(word)).collect()
            }
            None => constant.float_data.clone(),
        }
    }

    #[test]
    fn only_subnormal_weights_become_zero() {
        let given = vec![1.0, 1e-40, -1e-42, 0.0, -2.5, f32::MIN_POSITIVE];
        let kept = [1.0, 0.0, 0.0, 0.0, -2.5, f32::MIN_POSITIVE];
        let (model, count) = without_subnormals(&scaled(given.clone())).unwrap();
        assert_eq!((numbers(&model).as_slice(), count), (&kept[..], 2));

        // The same where they are kept as bytes.
        let mut raw = read(&scaled(given)).unwrap();
        let constant = &mut raw.graph.as_mut().unwrap().initializer[0];
        let bytes = constant.float_data.iter().flat_map(|v| v.to_le_bytes());
        constant.raw_data = Some(bytes.collect());
        constant.float_data.clear();
        let (model, count) = without_subnormals(&raw.encode_to_vec()).unwrap();
        assert_eq!((numbers(&model).as_slice(), count), (&kept[..], 2));
    }

    #[test]
    fn slow_nodes_are_counted() {
        let plain = scaled(vec![1.0; 5]);
        assert_eq!(slow_nodes(&plain).unwrap(), 0);
        let mut slow = read(&plain).unwrap();
        slow.graph.as_mut().unwrap().node[0].op_type = Some("PRelu".to_owned());
        assert_eq!(slow_nodes(&slow.encode_to_vec()).unwrap(), 1);
        assert!(slow_nodes(b"no network").is_err());
    }

    #[test]
    fn an_open_input_is_fixed() {
        let model = with_fixed_input(&scaled(vec![1.0; 5]), &[1, 5]).unwrap();
        let graph = read(&model).unwrap().graph.unwrap();
        let kind = graph.input[0].kind.clone().unwrap().tensor_type.unwrap();
        let sides: Vec<_> = kind
            .shape
            .unwrap()
            .dim
            .iter()
            .map(|d| d.dim_value)
            .collect();
        assert_eq!(sides, [Some(1), Some(5)]);
        for shape in [&[1][..], &[2, 5], &[1, 2, 3]] {
            assert!(
                with_fixed_input(&scaled(vec![1.0]), shape).is_err(),
                "{shape:?}"
            );
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        assert!(without_subnormals(b"not a network").is_err());
    }
}
