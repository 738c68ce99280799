//! What an input is, whatever it is called and wherever it lies.
//!
//! A video is gigabytes, so not all of it is read: its size and samples of its content are enough
//! to tell it from any other recording, and from itself after it was cut, encoded anew or edited
//! in place at its ends, where containers keep what they know of the rest.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use faceau_events::InputIdentity;
use faceau_models::Sha256;

use faceau_media::{Input, InputError};

/// Bytes read at either end of a video.
const VIDEO_ENDS: u64 = 1 << 20;
/// Samples between the ends of a video, evenly spaced, and their size.
const VIDEO_SAMPLES: u64 = 16;
const VIDEO_SAMPLE: u64 = 1 << 16;
/// Bytes read at either end of an image, of which there may be tens of thousands.
const IMAGE_ENDS: u64 = 1 << 14;

/// What `input` is, by samples of its content: at most 3 MiB of a video, 32 KiB of each image.
///
/// # Errors
/// When a file cannot be read.
pub fn of_input(input: &Input) -> Result<InputIdentity, InputError> {
    let mut account = Account::default();
    let kind = match input {
        Input::Video(path) => {
            account.add(path, "", VIDEO_ENDS, VIDEO_SAMPLES)?;
            "video"
        }
        Input::Still(path) => {
            account.add(path, "", IMAGE_ENDS, 0)?;
            "image"
        }
        Input::ImageFolder { images, .. } => {
            for path in images {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                account.add(path, &name, IMAGE_ENDS, 0)?;
            }
            "images"
        }
    };
    Ok(InputIdentity {
        kind: kind.to_owned(),
        files: account.files,
        bytes: account.bytes,
        sha256: Sha256::of(account.listing.as_bytes()).to_string(),
    })
}

/// What has been seen of the files so far: a line for each.
#[derive(Default)]
struct Account {
    listing: String,
    files: usize,
    bytes: u64,
}

impl Account {
    fn add(&mut self, path: &Path, name: &str, ends: u64, samples: u64) -> Result<(), InputError> {
        use std::fmt::Write;
        let (size, digest) = sampled(path, ends, samples).map_err(|cause| {
            let path = PathBuf::from(path);
            match cause.kind() {
                io::ErrorKind::NotFound => InputError::Missing { path },
                _ => InputError::Unreadable { path, cause },
            }
        })?;
        self.files += 1;
        self.bytes += size;
        // Writing into a string cannot fail.
        let _ = writeln!(self.listing, "{size} {digest} {name}");
        Ok(())
    }
}

/// A file's size and the digest of its samples.
fn sampled(path: &Path, ends: u64, samples: u64) -> io::Result<(u64, Sha256)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let size = metadata.len();
    let mut content = Vec::new();
    if metadata.is_file() {
        if size <= 2 * ends {
            read(&file, 0, size, &mut content)?;
        } else {
            read(&file, 0, ends, &mut content)?;
            let between = size - 2 * ends;
            for number in 0..samples {
                let at = ends + between / (samples + 1) * (number + 1);
                read(&file, at, VIDEO_SAMPLE.min(size - at), &mut content)?;
            }
            read(&file, size - ends, ends, &mut content)?;
        }
    }
    Ok((size, Sha256::of(&content)))
}

fn read(file: &File, at: u64, length: u64, content: &mut Vec<u8>) -> io::Result<()> {
    let begin = content.len();
    content.resize(begin + length as usize, 0);
    file.read_exact_at(&mut content[begin..], at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn video(path: &Path) -> InputIdentity {
        of_input(&Input::Video(path.into())).unwrap()
    }

    #[test]
    fn a_video_is_itself_under_any_name() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b] = ["a.mp4", "b.mov"].map(|name| folder.path().join(name));
        let mut content: Vec<u8> = (0..5_000_000_u32).map(|i| (i * 7 % 251) as u8).collect();
        fs::write(&a, &content).unwrap();
        fs::write(&b, &content).unwrap();
        let identity = video(&a);
        assert_eq!(identity, video(&b));
        assert_eq!((identity.files, identity.bytes), (1, 5_000_000));

        for at in [0, 4_999_999] {
            content[at] ^= 1;
            fs::write(&b, &content).unwrap();
            assert_ne!(identity, video(&b), "{at}");
            content[at] ^= 1;
        }
        // Between the ends, an edit is noticed if it is not tiny.
        content[2_000_000..2_200_000].fill(0);
        fs::write(&b, &content).unwrap();
        assert_ne!(identity, video(&b));
        fs::write(&b, &content[..4_999_999]).unwrap();
        assert_ne!(identity, video(&b));
    }

    #[test]
    fn small_files_are_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mp4");
        let mut seen = Vec::new();
        for content in ["", "a", "b", "ab"] {
            fs::write(&path, content).unwrap();
            let identity = video(&path);
            assert!(!seen.contains(&identity), "{content}");
            seen.push(identity);
        }
    }

    #[test]
    fn images_have_names_and_an_order() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["1.png", "2.png"].map(|name| folder.path().join(name));
        let identity = |images: &[PathBuf]| {
            let input = Input::ImageFolder {
                folder: folder.path().into(),
                images: images.to_vec(),
                remarks: Vec::new(),
            };
            of_input(&input)
        };
        fs::write(&paths[0], vec![1; 40_000]).unwrap();
        fs::write(&paths[1], vec![2; 100]).unwrap();
        let both = identity(&paths).unwrap();
        assert_eq!((both.files, both.bytes), (2, 40_100));
        assert_eq!(both, identity(&paths).unwrap());
        assert_ne!(both, identity(&paths[..1]).unwrap());
        fs::write(&paths[0], vec![3; 40_000]).unwrap();
        assert_ne!(both, identity(&paths).unwrap());
        fs::remove_file(&paths[1]).unwrap();
        let missing = identity(&paths).unwrap_err().to_string();
        assert!(missing.contains("2.png"), "{missing}");
    }
}
