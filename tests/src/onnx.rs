//! ONNX files from code: the few message types of the format that small networks need, written
//! with `prost`. Field numbers are those of `onnx.proto` (ONNX IR version 8).
//!
//! Nothing is checked here; ONNX Runtime says what it thinks of a network.

use prost::Message;

const IR_VERSION: i64 = 8;
const OPERATORS: i64 = 13;
const FLOAT: i32 = 1;
const INT64: i32 = 7;
const BOOL: i32 = 9;

#[derive(Clone, PartialEq, Message)]
struct ModelProto {
    #[prost(int64, tag = "1")]
    ir_version: i64,
    #[prost(message, optional, tag = "7")]
    graph: Option<GraphProto>,
    #[prost(message, repeated, tag = "8")]
    opset_import: Vec<OperatorSetId>,
}

#[derive(Clone, PartialEq, Message)]
struct OperatorSetId {
    #[prost(string, tag = "1")]
    domain: String,
    #[prost(int64, tag = "2")]
    version: i64,
}

#[derive(Clone, PartialEq, Message)]
struct GraphProto {
    #[prost(message, repeated, tag = "1")]
    node: Vec<NodeProto>,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, repeated, tag = "5")]
    initializer: Vec<TensorProto>,
    #[prost(message, repeated, tag = "11")]
    input: Vec<ValueInfoProto>,
    #[prost(message, repeated, tag = "12")]
    output: Vec<ValueInfoProto>,
}

#[derive(Clone, PartialEq, Message)]
struct NodeProto {
    #[prost(string, repeated, tag = "1")]
    input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    output: Vec<String>,
    #[prost(string, tag = "4")]
    op_type: String,
    #[prost(message, repeated, tag = "5")]
    attribute: Vec<AttributeProto>,
}

#[derive(Clone, PartialEq, Message)]
struct AttributeProto {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "6")]
    g: Option<GraphProto>,
    #[prost(int32, tag = "20")]
    kind: i32,
}

/// `AttributeProto.type` of a graph.
const GRAPH: i32 = 5;

#[derive(Clone, PartialEq, Message)]
struct TensorProto {
    #[prost(int64, repeated, packed = "false", tag = "1")]
    dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    data_type: i32,
    #[prost(float, repeated, tag = "4")]
    float_data: Vec<f32>,
    #[prost(int64, repeated, tag = "7")]
    int64_data: Vec<i64>,
    #[prost(string, tag = "8")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct ValueInfoProto {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    kind: Option<TypeProto>,
}

#[derive(Clone, PartialEq, Message)]
struct TypeProto {
    #[prost(message, optional, tag = "1")]
    tensor_type: Option<TensorType>,
}

#[derive(Clone, PartialEq, Message)]
struct TensorType {
    #[prost(int32, tag = "1")]
    elem_type: i32,
    #[prost(message, optional, tag = "2")]
    shape: Option<TensorShape>,
}

#[derive(Clone, PartialEq, Message)]
struct TensorShape {
    #[prost(message, repeated, tag = "1")]
    dim: Vec<Dimension>,
}

#[derive(Clone, PartialEq, Message)]
struct Dimension {
    #[prost(int64, optional, tag = "1")]
    dim_value: Option<i64>,
    #[prost(string, optional, tag = "2")]
    dim_param: Option<String>,
}

/// Size of one dimension of an input or output.
#[derive(Debug, Clone, Copy)]
pub enum Size {
    /// Always this.
    Fixed(usize),
    /// Open, with a name.
    Open(&'static str),
}

fn value(name: &str, elem_type: i32, sizes: &[Size]) -> ValueInfoProto {
    let dim = sizes
        .iter()
        .map(|size| match *size {
            Size::Fixed(size) => Dimension {
                dim_value: Some(size as i64),
                dim_param: None,
            },
            Size::Open(name) => Dimension {
                dim_value: None,
                dim_param: Some(name.to_owned()),
            },
        })
        .collect();
    ValueInfoProto {
        name: name.to_owned(),
        kind: Some(TypeProto {
            tensor_type: Some(TensorType {
                elem_type,
                shape: Some(TensorShape { dim }),
            }),
        }),
    }
}

/// A network being written, node by node. Values are named by strings.
#[derive(Debug, Default)]
pub struct Network {
    graph: GraphProto,
    unnamed: usize,
}

impl Network {
    /// An empty network.
    pub fn new() -> Self {
        let mut network = Self::default();
        network.graph.name = "network".to_owned();
        network
    }

    /// Declares the input, of floats.
    pub fn input(&mut self, name: &str, sizes: &[Size]) -> String {
        self.graph.input.push(value(name, FLOAT, sizes));
        name.to_owned()
    }

    /// Gives `from` out under `name`, as floats.
    pub fn output(&mut self, name: &str, sizes: &[Size], from: &str) {
        self.node("Identity", &[from], name, Vec::new());
        self.graph.output.push(value(name, FLOAT, sizes));
    }

    /// Lists the output `name` once more, as some exporters do.
    pub fn output_again(&mut self, name: &str, sizes: &[Size]) {
        self.graph.output.push(value(name, FLOAT, sizes));
    }

    /// Constant floats of the given shape.
    pub fn constant(&mut self, shape: &[usize], data: Vec<f32>) -> String {
        assert_eq!(shape.iter().product::<usize>(), data.len());
        let name = self.new_name();
        self.graph.initializer.push(TensorProto {
            dims: shape.iter().map(|&side| side as i64).collect(),
            data_type: FLOAT,
            float_data: data,
            int64_data: Vec::new(),
            name: name.clone(),
        });
        name
    }

    /// One constant float.
    pub fn number(&mut self, number: f32) -> String {
        self.constant(&[1], vec![number])
    }

    fn integers(&mut self, dims: Vec<i64>, data: Vec<i64>) -> String {
        let name = self.new_name();
        self.graph.initializer.push(TensorProto {
            dims,
            data_type: INT64,
            float_data: Vec::new(),
            int64_data: data,
            name: name.clone(),
        });
        name
    }

    /// An operation without attributes; returns the name of its result.
    pub fn apply(&mut self, operation: &str, inputs: &[&str]) -> String {
        let result = self.new_name();
        self.node(operation, inputs, &result, Vec::new());
        result
    }

    /// `from` in another shape.
    pub fn reshape(&mut self, from: &str, shape: &[usize]) -> String {
        let sides = shape.iter().map(|&side| side as i64).collect();
        let shape = self.integers(vec![shape.len() as i64], sides);
        self.apply("Reshape", &[from, &shape])
    }

    /// `from`, after as many rounds of a loop that changes nothing.
    pub fn idle(&mut self, from: &str, rounds: i64) -> String {
        let mut body = Self::new();
        body.graph.input = vec![
            value("round", INT64, &[]),
            value("go_on", BOOL, &[]),
            value("before", FLOAT, &[Size::Fixed(1)]),
        ];
        body.node("Identity", &["go_on"], "still_go_on", Vec::new());
        let one = body.number(1.0);
        body.node("Mul", &["before", &one], "after", Vec::new());
        body.graph.output = vec![
            value("still_go_on", BOOL, &[]),
            value("after", FLOAT, &[Size::Fixed(1)]),
        ];
        let rounds = self.integers(Vec::new(), vec![rounds]);
        let result = self.new_name();
        let attribute = AttributeProto {
            name: "body".to_owned(),
            g: Some(body.graph),
            kind: GRAPH,
        };
        self.node("Loop", &[&rounds, "", from], &result, vec![attribute]);
        result
    }

    /// The file.
    pub fn encode(self) -> Vec<u8> {
        ModelProto {
            ir_version: IR_VERSION,
            graph: Some(self.graph),
            opset_import: vec![OperatorSetId {
                domain: String::new(),
                version: OPERATORS,
            }],
        }
        .encode_to_vec()
    }

    fn new_name(&mut self) -> String {
        self.unnamed += 1;
        format!("value{}", self.unnamed)
    }

    fn node(
        &mut self,
        operation: &str,
        inputs: &[&str],
        result: &str,
        attribute: Vec<AttributeProto>,
    ) {
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: vec![result.to_owned()],
            op_type: operation.to_owned(),
            attribute,
        });
    }
}
