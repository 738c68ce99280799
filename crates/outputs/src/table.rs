//! A table in the making: the pipeline's ordered stage and the rows, behind one face for all
//! pipelines.
//!
//! Frames come in order. What their columns are is in [`super::csv`] and [`super::openface3`].

use std::io;
use std::path::Path;
use std::sync::Arc;

use faceau_vision::analysis::FrameAnalysis;
use faceau_vision::au::models::{AuModel, AuModels};
use faceau_vision::au::temporal::{AuValues, ScoreLog, TemporalStage};

use super::openface3::{OpenFace3Rows, OpenFace3Style};
use super::{ColumnGroup, Columns, OutputError, OutputPaths, RowSpool, csv};

/// What a table is made of, whatever the input.
#[derive(Debug, Clone)]
pub enum TableDesign {
    /// OpenFace 2.2's table.
    OpenFace2 {
        /// The AU models, for the ordered stage.
        models: Arc<AuModels>,
        /// Its columns.
        columns: Columns,
    },
    /// The OpenFace 3.0 pipeline's table.
    OpenFace3(OpenFace3Style),
}

impl TableDesign {
    /// Whether intensities of action units are measured against the input's own frames.
    pub fn is_relative_to_input(&self) -> bool {
        match self {
            Self::OpenFace2 { columns, .. } => columns.has(ColumnGroup::Aus),
            Self::OpenFace3(_) => false,
        }
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        match self {
            Self::OpenFace2 { columns, .. } => columns.count(),
            Self::OpenFace3(style) => {
                let header = OpenFace3Rows::new(*style, None).header();
                header.split(',').count()
            }
        }
    }
}

/// A table that is being filled.
#[derive(Debug)]
pub struct Table {
    spool: RowSpool,
    rows: Rows,
}

#[derive(Debug)]
enum Rows {
    OpenFace2 {
        models: Arc<AuModels>,
        columns: Columns,
        temporal: Box<TemporalStage>,
    },
    OpenFace3(OpenFace3Rows),
}

impl Table {
    /// Begins an empty table; what must wait on disk goes to `folder`, on the disk where the output will be.
    /// `frame_rate` is what the input's file says of it, in frames per second.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn begin(design: &TableDesign, folder: &Path, frame_rate: Option<f64>) -> io::Result<Self> {
        let rows = match design {
            TableDesign::OpenFace2 { models, columns } => {
                let log = ScoreLog::in_file(tempfile::tempfile_in(folder)?);
                Rows::OpenFace2 {
                    models: Arc::clone(models),
                    columns: *columns,
                    temporal: Box::new(TemporalStage::new(Arc::clone(models), log)),
                }
            }
            TableDesign::OpenFace3(style) => {
                Rows::OpenFace3(OpenFace3Rows::new(*style, frame_rate))
            }
        };
        Ok(Self {
            spool: RowSpool::create_in(folder)?,
            rows,
        })
    }

    /// Takes the next frame: its number counted from 0, its time in seconds since the first.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn push(&mut self, frame: usize, seconds: f64, analysis: &FrameAnalysis) -> io::Result<()> {
        match &mut self.rows {
            Rows::OpenFace2 {
                columns, temporal, ..
            } => {
                // Its bins were checked when it came, so it is a record that can be.
                temporal.push(&analysis.into())?;
                let number = frame as u64 + 1;
                self.spool
                    .push(|row| csv::push_frame(row, columns, number, seconds, analysis))
            }
            Rows::OpenFace3(rows) => self
                .spool
                .push(|row| rows.push_frame(row, frame, seconds, analysis)),
        }
    }

    /// Number of frames so far.
    pub fn rows(&self) -> usize {
        self.spool.rows()
    }

    /// Writes the table.
    ///
    /// # Errors
    /// When what waited cannot be read or the table not be written; there is no table then.
    pub fn finish(self, paths: &OutputPaths) -> Result<(), OutputError> {
        match self.rows {
            Rows::OpenFace2 {
                models,
                columns,
                mut temporal,
            } => {
                let numbers = |models: &[AuModel]| models.iter().map(|m| m.au).collect::<Vec<_>>();
                let header = csv::header(
                    &columns,
                    &numbers(models.intensities()),
                    &numbers(models.presences()),
                );
                let mut series = temporal.finish().map_err(OutputError::on(&paths.csv))?;
                self.spool.finish(paths, &(header + "\n"), |row| {
                    let ended = || io::Error::other("a row has no action units");
                    let AuValues {
                        intensities,
                        presences,
                    } = series.next().ok_or_else(ended)??;
                    csv::push_aus(row, &columns, &intensities, &presences);
                    Ok(())
                })
            }
            Rows::OpenFace3(rows) => {
                let (header, line_end) = (rows.header(), rows.line_end());
                self.spool.finish(paths, &(header + line_end), |row| {
                    row.extend_from_slice(line_end.as_bytes());
                    Ok(())
                })
            }
        }
    }
}
