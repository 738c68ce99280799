//! A table in the making: the pipeline's ordered stage makes values final, a spool keeps them as
//! numbers until all are, and then they are written.
//!
//! What the columns are only the pipeline's schema says; how they become text is in [`super::csv`].

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use faceau_measure::{
    Face, FrameTime, OrderedStage, Pipeline, Row, Schema, Selection, StageContext, Track,
    UnknownGroup,
};

use super::csv::CsvRows;
use super::unfinished::write_in;
use super::{Columns, OutputError, OutputPaths, RowSpool};

/// What a table is made of, whatever the input.
#[derive(Debug, Clone)]
pub struct TableDesign {
    pipeline: Arc<dyn Pipeline>,
    selection: Selection,
    /// What stands between its columns, if not what the pipeline says.
    separator: Option<&'static str>,
}

impl TableDesign {
    /// The table of `pipeline`, with the groups of `columns` as far as it has these.
    ///
    /// # Errors
    /// When the pipeline does not know a group of its own.
    pub fn new(pipeline: Arc<dyn Pipeline>, columns: &Columns) -> Result<Self, UnknownGroup> {
        let known = pipeline.schema().groups();
        let wanted = columns.names();
        let wanted: Vec<&String> = wanted
            .iter()
            .filter(|name| known.iter().any(|group| group.name == **name))
            .collect();
        Ok(Self {
            selection: pipeline.schema().select(&wanted)?,
            pipeline,
            separator: columns.is_plain().then_some(","),
        })
    }

    /// Who makes the results.
    pub fn pipeline(&self) -> Arc<dyn Pipeline> {
        Arc::clone(&self.pipeline)
    }

    /// Whether values depend on all frames of the input, as intensities of action units that are
    /// measured against these do.
    pub fn is_relative_to_input(&self) -> bool {
        !self.schema().late().is_empty()
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.schema().columns().len()
    }

    /// The columns.
    pub fn schema(&self) -> &Schema {
        self.selection.schema()
    }
}

/// A table that is being filled.
#[derive(Debug)]
pub struct Table {
    design: TableDesign,
    stage: Box<dyn OrderedStage>,
    spool: RowSpool,
    /// The row at hand, with all columns, and what is left of it.
    row: Row,
    selected: Vec<u8>,
    frames: usize,
}

impl Table {
    /// Begins an empty table; what must wait on disk goes to `folder`, on the disk where the output will be.
    /// `frame_rate` is what the input's file says of it, in frames per second.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn begin(design: &TableDesign, folder: &Path, frame_rate: Option<f64>) -> io::Result<Self> {
        let context = StageContext { folder, frame_rate };
        Ok(Self {
            stage: design.pipeline.ordered_stage(&context)?,
            design: design.clone(),
            spool: RowSpool::create_in(folder)?,
            row: Row::default(),
            selected: Vec::new(),
            frames: 0,
        })
    }

    /// Takes the next face, which was checked, as that of `track`.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn push(&mut self, frame: FrameTime, track: Track, face: Face<'_>) -> io::Result<()> {
        self.row.clear();
        self.stage.push(frame, track, face, &mut self.row)?;
        self.selected.clear();
        let selection = &self.design.selection;
        selection.take_early(self.row.bytes(), &mut self.selected);
        self.spool.push(track, &self.selected)
    }

    /// All faces of a frame have been taken.
    pub fn end_frame(&mut self) {
        self.frames += 1;
    }

    /// Number of frames so far, with or without faces.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Writes the table.
    ///
    /// # Errors
    /// When what waited cannot be read or the table not be written; there is no table then.
    pub fn finish(mut self, paths: &OutputPaths) -> Result<(), OutputError> {
        write_in(paths.workshop(), &paths.csv, |file| {
            let csv = CsvRows::new(self.design.schema(), self.design.separator);
            let mut late = self.stage.finish()?;
            let mut rows = self.spool.read()?;
            let mut text = csv.header();
            file.write_all(&text)?;
            while let Some(track) = rows.next(&mut self.selected)? {
                self.row.clear();
                late.next(track, &mut self.row)?;
                let selection = &self.design.selection;
                selection.take_late(self.row.bytes(), &mut self.selected);
                text.clear();
                csv.push(&self.selected, &mut text);
                file.write_all(&text)?;
            }
            Ok(())
        })
    }
}
