//! The layers against their definitions.

use proptest::prelude::*;

use crate::model_file::BinaryReader;

use super::*;

fn maps(channels: usize, height: usize, width: usize, data: &[f32]) -> Maps {
    Maps {
        channels,
        height,
        width,
        data: data.to_vec(),
    }
}

#[test]
fn a_convolution_correlates_and_sums_over_maps() {
    let layer = Convolution::new(2, (1, 2), vec![1.0, 10.0, 100.0, 1000.0], vec![0.5]);
    let input = maps(2, 2, 2, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    let mut output = Maps::default();
    layer.apply(&input, &mut Vec::new(), &mut output);
    assert_eq!(output, maps(1, 2, 1, &[6521.5, 8743.5]));
    assert_eq!(layer.output_shape(maps(1, 2, 2, &[0.0; 4]).shape()), None);
    assert_eq!(layer.output_shape(maps(2, 2, 1, &[0.0; 4]).shape()), None);
}

proptest! {
    /// All widths: rows shorter than a vector, and rests of every length.
    #[test]
    fn convolutions_agree_with_the_definition(
        inputs in 1..4_usize, outputs in 1..10_usize,
        (kernel_height, kernel_width) in (1..6_usize, 1..6_usize),
        (reach_y, reach_x) in (1..6_usize, 1..70_usize),
        seed: u32,
    ) {
        let mut state = seed;
        let mut noise = |count: usize| -> Vec<f32> {
            (0..count)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 8) as f32 / (1 << 24) as f32 - 0.5
                })
                .collect()
        };
        let (height, width) = (reach_y + kernel_height - 1, reach_x + kernel_width - 1);
        let weights = noise(inputs * outputs * kernel_height * kernel_width);
        let bias = noise(outputs);
        let layer = Convolution::new(inputs, (kernel_height, kernel_width), weights, bias);
        let input = maps(inputs, height, width, &noise(inputs * height * width));
        let mut output = Maps::default();
        layer.apply(&input, &mut Vec::new(), &mut output);
        prop_assert_eq!((output.height, output.width), (reach_y, reach_x));
        let kernels = layer.weights().chunks_exact(inputs * kernel_height * kernel_width);
        let results = output.data.chunks_exact(reach_y * reach_x);
        for ((kernels, bias), results) in kernels.zip(layer.bias()).zip(results) {
            for (place, &got) in results.iter().enumerate() {
                let (y, x) = (place / reach_x, place % reach_x);
                let mut sum = f64::from(*bias);
                for (term, &weight) in kernels.iter().enumerate() {
                    let (ky, kx) = (term / kernel_width % kernel_height, term % kernel_width);
                    let map = term / (kernel_width * kernel_height);
                    let value = input.data[(map * height + y + ky) * width + x + kx];
                    sum += f64::from(weight) * f64::from(value);
                }
                // 75 products of at most 1/4 in f32.
                prop_assert!((f64::from(got) - sum).abs() < 1e-5, "{} is not {}", got, sum);
            }
        }
    }
}

#[test]
fn pooling_covers_a_rest_at_the_border() {
    let pool = MaxPool {
        window: (2, 2),
        stride: (2, 2),
    };
    let input = maps(1, 3, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
    let mut output = Maps::default();
    pool.apply(&input, &mut output);
    assert_eq!(output, maps(1, 2, 2, &[5.0, 6.0, 8.0, 9.0]));
    assert_eq!(pool.output_shape(maps(1, 1, 3, &[0.0; 3]).shape()), None);
}

#[test]
fn windows_of_any_size_give_their_largest_value() {
    let side = |window: usize, stride: usize, size: usize| {
        ((size - window) as f64 / stride as f64 + 0.5).floor() as usize + 1
    };
    for (window, stride, height, width) in [
        ((2, 2), (2, 2), 6, 8),
        ((2, 2), (2, 2), 5, 8),
        ((2, 2), (2, 2), 6, 7),
        ((3, 3), (2, 2), 10, 9),
        ((2, 3), (1, 2), 4, 11),
    ] {
        let pool = MaxPool { window, stride };
        let data: Vec<f32> = (0..2 * height * width)
            .map(|i| (i * 37 % 101) as f32)
            .collect();
        let input = maps(2, height, width, &data);
        let mut output = Maps::default();
        pool.apply(&input, &mut output);
        assert_eq!(output.height, side(window.0, stride.0, height));
        assert_eq!(output.width, side(window.1, stride.1, width));
        for (i, &value) in output.data.iter().enumerate() {
            let (x, row) = (i % output.width, i / output.width);
            let (y, map) = (row % output.height, row / output.height);
            let mut expected = f32::NEG_INFINITY;
            for v in y * stride.0..(y * stride.0 + window.0).min(height) {
                for u in x * stride.1..(x * stride.1 + window.1).min(width) {
                    expected = expected.max(data[(map * height + v) * width + u]);
                }
            }
            assert_eq!(value, expected, "{window:?} {stride:?} at {i}");
        }
    }
}

#[test]
fn dense_weights_are_sorted_from_columns_to_rows() {
    // One output that weighs the column-major elements with 1, 10, 100, 1000.
    let layer = Dense {
        inputs: 4,
        weights: vec![1.0, 10.0, 100.0, 1000.0],
        bias: vec![0.0],
    };
    let input = maps(1, 2, 2, &[1.0, 2.0, 3.0, 4.0]);
    let mut output = Maps::default();
    layer
        .for_row_major_maps(input.shape())
        .apply(&input, &mut output);
    assert_eq!(output.data, [1.0 + 30.0 + 200.0 + 4000.0]);
}

#[test]
fn a_dense_layer_runs_at_every_position_of_its_maps() {
    // Outputs a + 10 b and 100 a + 1000 b + 1.
    let layer = Dense {
        inputs: 2,
        weights: vec![1.0, 100.0, 10.0, 1000.0],
        bias: vec![0.0, 1.0],
    }
    .into_convolution();
    assert_eq!(layer.weights_shape(), [2, 2, 1, 1]);
    let input = maps(2, 1, 2, &[1.0, 2.0, 3.0, 4.0]);
    let mut output = Maps::default();
    layer.apply(&input, &mut Vec::new(), &mut output);
    assert_eq!(output, maps(2, 1, 2, &[31.0, 42.0, 3101.0, 4201.0]));
}

#[test]
fn a_rectifier_weakens_what_is_negative() {
    let layer = Prelu {
        slopes: vec![0.5, -2.0],
    };
    let mut values = maps(2, 1, 2, &[3.0, -4.0, 0.0, -1.0]);
    layer.apply(&mut values);
    assert_eq!(values.data, [3.0, -2.0, 0.0, 2.0]);
}

proptest::proptest! {
    #[test]
    fn any_bytes_end_in_a_layer_or_an_error(bytes: Vec<u8>) {
        let _ = Prelu::read(&mut BinaryReader::new(&bytes), "test");
        let _ = Convolution::read(&mut BinaryReader::new(&bytes), "test");
        let _ = Dense::read(&mut BinaryReader::new(&bytes), "test");
    }
}
