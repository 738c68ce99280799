//! Random stills and their truth as NumPy arrays, for training.
//!
//! In the folder, N pictures with M faces in all:
//!
//! | file | type, shape | what |
//! |---|---|---|
//! | `images.npy` | u1, N × height × width × 3 | pictures, R, G, B |
//! | `face_image.npy` | i4, M | which picture a face is in |
//! | `landmarks.npy` | f4, M × 68 × 2 | in pixels, x and y; a pixel's middle is at .5 |
//! | `landmarks_3d.npy` | f4, M × 68 × 3 | in the head's frame, mm: x right, y down, z away |
//! | `boxes.npy` | f4, M × 4 | left, top, right, bottom of the landmarks, pixels |
//! | `pose.npy` | f4, M × 6 | translation in mm, Euler angles in radians (Rx·Ry·Rz) |
//! | `aus.npy` | f4, M × 18 | intensities in the order of [`Au::ALL`](crate::Au::ALL) |
//! | `visible.npy` | f4, M | share of the landmarks that can be seen |

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use npyz::WriterBuilder;

use crate::action_units::Au;
use crate::ordered::in_order;
use crate::random::Random;
use crate::random_scene::SceneOptions;
use crate::scene::{Renderer, Truth};

/// Stills cannot be exported.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {cause}", path.display())]
pub struct ExportError {
    path: PathBuf,
    cause: io::Error,
}

/// Renders `count` random stills and writes them with their truth into `folder`.
///
/// Still number i depends on `seed` and i only.
///
/// # Errors
/// When a file cannot be written.
pub fn export_stills(
    folder: &Path,
    options: &SceneOptions,
    count: usize,
    seed: u64,
    threads: usize,
) -> Result<(), ExportError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |cause| ExportError { path, cause }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let path = folder.join("images.npy");
    let file = BufWriter::new(File::create(&path).map_err(failed(&path))?);
    let shape = [count as u64, options.height as u64, options.width as u64, 3];
    let mut images = npyz::WriteOptions::new()
        .default_dtype()
        .shape(&shape)
        .writer(file)
        .begin_nd()
        .map_err(failed(&path))?;
    let mut truths: Vec<(usize, Truth)> = Vec::new();
    in_order(
        count,
        threads,
        Renderer::default,
        |renderer, index| {
            let seed = Random::stream(seed, index as u64).seed();
            renderer.render(&options.scene(seed))
        },
        |index, (picture, of_picture)| {
            truths.extend(of_picture.into_iter().map(|truth| (index, truth)));
            images.extend(picture.rgb)
        },
    )
    .and_then(|()| images.finish())
    .map_err(failed(&path))?;

    let write = |name: &str, shape: &[u64], values: Vec<f32>| {
        let path = folder.join(name);
        let written = || -> io::Result<()> {
            let shape = [&[truths.len() as u64], shape].concat();
            let mut writer = npyz::WriteOptions::new()
                .default_dtype()
                .shape(&shape)
                .writer(BufWriter::new(File::create(&path)?))
                .begin_nd()?;
            writer.extend(values)?;
            writer.finish()
        };
        written().map_err(failed(&path))
    };
    let all = |values: fn(&Truth) -> Vec<f32>| truths.iter().flat_map(|(_, t)| values(t)).collect();
    write(
        "landmarks.npy",
        &[68, 2],
        all(|t| t.landmarks.iter().flat_map(|p| p.to_array()).collect()),
    )?;
    write(
        "landmarks_3d.npy",
        &[68, 3],
        all(|t| t.landmarks_3d.iter().flat_map(|p| p.to_array()).collect()),
    )?;
    write("boxes.npy", &[4], all(|t| t.bounds.to_vec()))?;
    write(
        "pose.npy",
        &[6],
        all(|t| [t.pose.translation.to_array(), t.pose.rotation.to_array()].concat()),
    )?;
    write(
        "aus.npy",
        &[Au::ALL.len() as u64],
        all(|t| t.aus.values().to_vec()),
    )?;
    write("visible.npy", &[], all(|t| vec![t.visible]))?;

    let path = folder.join("face_image.npy");
    let written = || -> io::Result<()> {
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(&[truths.len() as u64])
            .writer(BufWriter::new(File::create(&path)?))
            .begin_nd()?;
        writer.extend(truths.iter().map(|(index, _)| *index as i32))?;
        writer.finish()
    };
    written().map_err(failed(&path))
}
