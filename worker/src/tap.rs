//! A network whose inputs are written to files, on which `scripts/quantize` calibrates networks of
//! whole numbers. Without a folder to write to it only passes its inputs on.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use faceau_vision::network::{Network, NetworkError, Tensor};

/// Every so many inputs one is written: neighbouring frames are alike.
const EVERY: usize = 5;
/// So many of a network at most; more would not make a better calibration.
const MOST: usize = 200;

/// A network with a tap at its input.
pub struct Tapped<N> {
    network: N,
    tap: Option<Tap>,
}

struct Tap {
    folder: PathBuf,
    seen: usize,
}

impl<N> Tapped<N> {
    /// Writes inputs of `network` into `folder`, if there is one.
    pub fn new(network: N, folder: Option<&Path>) -> Self {
        let tap = folder.map(|folder| Tap {
            folder: folder.to_owned(),
            seen: 0,
        });
        Self { network, tap }
    }
}

impl<N: Network> Network for Tapped<N> {
    fn name(&self) -> &str {
        self.network.name()
    }

    fn run(
        &mut self,
        shape: &[usize],
        input: &[f32],
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), NetworkError> {
        if let Some(tap) = &mut self.tap {
            tap.take(self.network.name(), shape, input)
                .map_err(|error| NetworkError {
                    network: self.network.name().to_owned(),
                    reason: format!("{}: {error}", tap.folder.display()),
                })?;
        }
        self.network.run(shape, input, outputs)
    }
}

impl Tap {
    fn take(&mut self, network: &str, shape: &[usize], input: &[f32]) -> io::Result<()> {
        let number = self.seen;
        self.seen += 1;
        if !number.is_multiple_of(EVERY) || number / EVERY >= MOST {
            return Ok(());
        }
        // Several workers may write into one folder.
        let name = format!("{network}-{}-{number:05}.npy", std::process::id());
        let file = File::create(self.folder.join(name))?;
        write_array(&mut BufWriter::new(file), shape, input)
    }
}

/// Writes an array in NumPy's format, version 1.0.
fn write_array(file: &mut impl Write, shape: &[usize], values: &[f32]) -> io::Result<()> {
    let sides: Vec<String> = shape.iter().map(|side| format!("{side},")).collect();
    let header = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}",
        sides.concat()
    );
    // Ten bytes before it, and a line end; together a multiple of 64.
    let length = (header.len() + 11).next_multiple_of(64) - 10;
    file.write_all(b"\x93NUMPY\x01\x00")?;
    file.write_all(&(length as u16).to_le_bytes())?;
    writeln!(file, "{header:width$}", width = length - 1)?;
    for value in values {
        file.write_all(&value.to_le_bytes())?;
    }
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives nothing out.
    struct Silent;

    impl Network for Silent {
        fn name(&self) -> &str {
            "silent"
        }

        fn run(&mut self, _: &[usize], _: &[f32], _: &mut Vec<Tensor>) -> Result<(), NetworkError> {
            Ok(())
        }
    }

    #[test]
    fn some_inputs_are_written_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let mut network = Tapped::new(Silent, Some(folder.path()));
        for number in 0..=EVERY {
            let input = [number as f32, 0.5];
            network.run(&[1, 2], &input, &mut Vec::new()).unwrap();
        }
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        assert_eq!(files.len(), 2, "{files:?}");
        let bytes = std::fs::read(&files[1]).unwrap();
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
        assert_eq!(bytes.len(), 128 + 8);
        let header = String::from_utf8_lossy(&bytes[10..128]);
        assert!(header.contains("'shape': (1,2,)") && header.ends_with('\n'));
        let values: Vec<f32> = bytes[128..]
            .as_chunks::<4>()
            .0
            .iter()
            .map(|value| f32::from_le_bytes(*value))
            .collect();
        assert_eq!(values, [EVERY as f32, 0.5]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_said() {
        let mut network = Tapped::new(Silent, Some(Path::new("/no/such/folder")));
        let error = network.run(&[1], &[0.0], &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("/no/such/folder"), "{error}");
    }
}
