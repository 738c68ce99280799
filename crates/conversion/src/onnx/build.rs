//! Networks written node by node. Values are named by strings.

use prost::Message;

use super::messages::{
    ATTRIBUTE_GRAPH, ATTRIBUTE_INT, ATTRIBUTE_INTS, AttributeProto, Dimension, FLOAT, GraphProto,
    INT64, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto,
    TensorTypeProto, TypeProto, ValueInfoProto,
};

const IR_VERSION: i64 = 8;
const OPERATORS: i64 = 13;

/// Size of one dimension of an input or output.
#[derive(Debug, Clone, Copy)]
pub enum Size {
    /// Always this.
    Fixed(usize),
    /// Open, with a name.
    Open(&'static str),
}

/// A property of an operation.
#[derive(Debug, Clone)]
pub enum Attribute {
    /// An integer.
    Int(i64),
    /// Integers.
    Ints(Vec<i64>),
    /// A network.
    Graph(Network),
}

/// A network being written.
#[derive(Debug, Clone, Default)]
pub struct Network {
    graph: GraphProto,
    /// Before the names that are made here.
    prefix: String,
    unnamed: usize,
}

impl Network {
    /// An empty network.
    #[must_use]
    pub fn new() -> Self {
        let mut network = Self::default();
        network.graph.name = Some("network".to_owned());
        network
    }

    /// An empty network for a graph inside this one, the body of a loop for example: its names are
    /// none of this one's, as the format demands.
    #[must_use]
    pub fn nested(&self) -> Self {
        Self {
            prefix: format!("{}inner_", self.prefix),
            ..Self::new()
        }
    }

    /// Declares an input of floats.
    pub fn input(&mut self, name: &str, sizes: &[Size]) -> String {
        self.input_of(FLOAT, name, sizes)
    }

    /// Declares an input of another type (see [`super::messages`]).
    pub fn input_of(&mut self, elements: i32, name: &str, sizes: &[Size]) -> String {
        self.graph.input.push(value(name, elements, sizes));
        name.to_owned()
    }

    /// Gives `from` out under `name`, as floats.
    pub fn output(&mut self, name: &str, sizes: &[Size], from: &str) {
        self.output_of(FLOAT, name, sizes, from);
    }

    /// Gives `from` out under `name`, as another type.
    pub fn output_of(&mut self, elements: i32, name: &str, sizes: &[Size], from: &str) {
        self.node("Identity", &[from], name, Vec::new());
        self.graph.output.push(value(name, elements, sizes));
    }

    /// Lists the output `name` once more, as some exporters do.
    pub fn output_again(&mut self, name: &str, sizes: &[Size]) {
        self.graph.output.push(value(name, FLOAT, sizes));
    }

    /// Constant floats of the given shape.
    ///
    /// # Panics
    /// When there are not as many as the shape says.
    pub fn constant(&mut self, shape: &[usize], data: Vec<f32>) -> String {
        assert_eq!(shape.iter().product::<usize>(), data.len());
        let name = self.new_name();
        self.graph.initializer.push(TensorProto {
            dims: shape.iter().map(|&side| side as i64).collect(),
            data_type: Some(FLOAT),
            float_data: data,
            name: Some(name.clone()),
            ..TensorProto::default()
        });
        name
    }

    /// One constant float.
    pub fn number(&mut self, number: f32) -> String {
        self.constant(&[1], vec![number])
    }

    /// Constant integers; without side lengths, a single one.
    pub fn integers(&mut self, dims: Vec<i64>, data: Vec<i64>) -> String {
        let name = self.new_name();
        self.graph.initializer.push(TensorProto {
            dims,
            data_type: Some(INT64),
            int64_data: data,
            name: Some(name.clone()),
            ..TensorProto::default()
        });
        name
    }

    /// An operation without attributes; returns the name of its result.
    pub fn apply(&mut self, operation: &str, inputs: &[&str]) -> String {
        self.apply_with(operation, inputs, Vec::new())
    }

    /// An operation with attributes; returns the name of its result.
    pub fn apply_with(
        &mut self,
        operation: &str,
        inputs: &[&str],
        attributes: Vec<(&str, Attribute)>,
    ) -> String {
        let result = self.new_name();
        self.node(operation, inputs, &result, attributes);
        result
    }

    /// `from` in another shape.
    pub fn reshape(&mut self, from: &str, shape: &[usize]) -> String {
        let sides = shape.iter().map(|&side| side as i64).collect();
        let shape = self.integers(vec![shape.len() as i64], sides);
        self.apply("Reshape", &[from, &shape])
    }

    /// The file.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        ModelProto {
            ir_version: Some(IR_VERSION),
            producer_name: Some("faceau".to_owned()),
            graph: Some(self.graph),
            opset_import: vec![OperatorSetIdProto {
                domain: Some(String::new()),
                version: Some(OPERATORS),
            }],
            ..ModelProto::default()
        }
        .encode_to_vec()
    }

    fn new_name(&mut self) -> String {
        self.unnamed += 1;
        format!("{}value{}", self.prefix, self.unnamed)
    }

    fn node(
        &mut self,
        operation: &str,
        inputs: &[&str],
        result: &str,
        attributes: Vec<(&str, Attribute)>,
    ) {
        let attribute = attributes
            .into_iter()
            .map(|(name, value)| attribute(name, value));
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: vec![result.to_owned()],
            op_type: Some(operation.to_owned()),
            attribute: attribute.collect(),
            ..NodeProto::default()
        });
    }
}

fn attribute(name: &str, value: Attribute) -> AttributeProto {
    let mut attribute = AttributeProto {
        name: Some(name.to_owned()),
        ..AttributeProto::default()
    };
    attribute.kind = Some(match value {
        Attribute::Int(value) => {
            attribute.i = Some(value);
            ATTRIBUTE_INT
        }
        Attribute::Ints(values) => {
            attribute.ints = values;
            ATTRIBUTE_INTS
        }
        Attribute::Graph(network) => {
            attribute.g = Some(network.graph);
            ATTRIBUTE_GRAPH
        }
    });
    attribute
}

fn value(name: &str, elements: i32, sizes: &[Size]) -> ValueInfoProto {
    let dim = sizes.iter().map(|&size| match size {
        Size::Fixed(size) => Dimension {
            dim_value: Some(size as i64),
            dim_param: None,
        },
        Size::Open(name) => Dimension {
            dim_value: None,
            dim_param: Some(name.to_owned()),
        },
    });
    ValueInfoProto {
        name: Some(name.to_owned()),
        kind: Some(TypeProto {
            tensor_type: Some(TensorTypeProto {
                elem_type: Some(elements),
                shape: Some(TensorShapeProto { dim: dim.collect() }),
            }),
        }),
        doc_string: None,
    }
}
