//! Experts that are convolutional experts networks (Zadeh et al. 2017): per landmark a small
//! network that looks at one patch and says how likely the landmark is its centre.
//!
//! A file stores one expert for a landmark and its mirror image. Which expert serves which
//! landmark is worked out here, when the file is read.

mod network;
mod response;

use super::SUPPORT;
use super::views::Views;
use crate::model_file::{BinaryReader, ModelFileError};
use network::Network;
pub(super) use response::CenScratch;

/// The file's number for a convolutional experts network.
const KIND_NETWORK: i32 = 6;

/// Who evaluates a landmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Source {
    /// View and landmark of the stored expert.
    view: usize,
    landmark: usize,
    /// Whether it sees the landmark in a mirror.
    mirrored: bool,
}

/// One network to run in a view, and the landmarks it serves: its own, a mirrored one, or both.
#[derive(Debug, Clone, Copy)]
struct Task {
    view: usize,
    landmark: usize,
    direct: Option<usize>,
    mirrored: Option<usize>,
}

/// All experts of one scale.
#[derive(Debug)]
pub(super) struct CenExperts {
    /// Per view and landmark, where the file has one.
    networks: Vec<Vec<Option<Network>>>,
    /// Per view what is to be evaluated.
    tasks: Vec<Vec<Task>>,
}

impl CenExperts {
    /// Reads one scale: the views, the confidences (per view and landmark), and the experts.
    pub(super) fn parse(
        bytes: &[u8],
        context: &str,
    ) -> Result<(Views, Vec<Vec<f32>>, Self), ModelFileError> {
        let reader = &mut BinaryReader::new(bytes);
        let views = Views::read_binary(reader, context)?;
        let (landmarks, count) = (views.landmarks(), views.count());
        let mirror_landmarks = indices(reader, landmarks, context)?;
        let mirror_views = indices(reader, count, context)?;
        let mut networks: Vec<Vec<Option<Network>>> = Vec::with_capacity(count);
        let mut stored = Vec::with_capacity(count);
        for view in 0..count {
            let experts = (0..landmarks).map(|landmark| {
                let context = format!("{context}, view {view}, landmark {landmark}");
                read_expert(reader, &context)
            });
            let (row, confidences): (Vec<_>, Vec<f32>) =
                experts.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
            networks.push(row);
            stored.push(confidences);
        }
        super::demand_end(reader.remaining(), context)?;

        let mut tasks = Vec::with_capacity(count);
        let mut confidences = Vec::with_capacity(count);
        for (view, visible) in views.visible.iter().enumerate() {
            let mut row: Vec<Task> = Vec::new();
            let mut confidence = vec![0.0; landmarks];
            for landmark in (0..landmarks).filter(|&landmark| visible[landmark]) {
                let partner = mirror_landmarks[landmark];
                let source = if networks[view][landmark].is_some() {
                    Source {
                        view,
                        landmark,
                        mirrored: false,
                    }
                } else {
                    let view = if view == 0 { 0 } else { mirror_views[view] };
                    Source {
                        view,
                        landmark: partner,
                        mirrored: true,
                    }
                };
                if networks[source.view][source.landmark].is_none() {
                    return Err(ModelFileError::new(
                        format!("{context}, view {view}, landmark {landmark}"),
                        "visible, but without expert, also in the mirror",
                    ));
                }
                confidence[landmark] = stored[source.view][source.landmark];
                add_task(&mut row, landmark, source);
            }
            tasks.push(row);
            confidences.push(confidence);
        }
        Ok((views, confidences, Self { networks, tasks }))
    }
}

/// Puts a landmark with what its network does already, or makes a new task of it.
fn add_task(tasks: &mut Vec<Task>, landmark: usize, source: Source) {
    let free = |task: &&mut Task| {
        let taken = if source.mirrored {
            task.mirrored
        } else {
            task.direct
        };
        (task.view, task.landmark) == (source.view, source.landmark) && taken.is_none()
    };
    let mut new = Task {
        view: source.view,
        landmark: source.landmark,
        direct: None,
        mirrored: None,
    };
    let found = tasks.iter_mut().find(free);
    let is_new = found.is_none();
    let task = found.unwrap_or(&mut new);
    if source.mirrored {
        task.mirrored = Some(landmark);
    } else {
        task.direct = Some(landmark);
    }
    if is_new {
        tasks.push(new);
    }
}

/// Reads a vector of `count` indices below `count`.
fn indices(
    reader: &mut BinaryReader<'_>,
    count: usize,
    context: &str,
) -> Result<Vec<usize>, ModelFileError> {
    let matrix = reader.matrix(context)?;
    let valid = |v: &f64| v.fract() == 0.0 && (0.0..count as f64).contains(v);
    if matrix.data.len() != count || !matrix.data.iter().all(valid) {
        let reason = format!("expected {count} mirrored indices below {count}");
        return Err(ModelFileError::new(context, reason));
    }
    Ok(matrix.data.into_iter().map(|v| v as usize).collect())
}

/// Reads one expert, if there is one, and its confidence.
fn read_expert(
    reader: &mut BinaryReader<'_>,
    context: &str,
) -> Result<(Option<Network>, f32), ModelFileError> {
    let wrong = |reason: &str| Err(ModelFileError::new(context, reason));
    if reader.i32(context)? != KIND_NETWORK {
        return wrong("not a convolutional experts network");
    }
    let (width, height) = (reader.i32(context)?, reader.i32(context)?);
    let network = Network::read(reader, context)?;
    if network.is_some() && (width, height) != (SUPPORT as i32, SUPPORT as i32) {
        return wrong("the patch is not 11x11");
    }
    let confidence = reader.f64(context)?;
    if !confidence.is_finite() {
        return wrong("the confidence is not finite");
    }
    Ok((network, confidence as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_in_the_mirror_is_one_task() {
        let mut tasks = Vec::new();
        let source = |landmark, mirrored| Source {
            view: 0,
            landmark,
            mirrored,
        };
        add_task(&mut tasks, 2, source(2, false));
        add_task(&mut tasks, 7, source(7, false));
        add_task(&mut tasks, 14, source(2, true));
        assert_eq!(tasks.len(), 2);
        assert_eq!((tasks[0].direct, tasks[0].mirrored), (Some(2), Some(14)));
        assert_eq!((tasks[1].direct, tasks[1].mirrored), (Some(7), None));
        // A map that sends two landmarks to one partner is odd, but no reason to lose one.
        add_task(&mut tasks, 15, source(2, true));
        assert_eq!((tasks[2].direct, tasks[2].mirrored), (None, Some(15)));
    }
}
