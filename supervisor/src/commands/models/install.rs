//! `models install`: fetches what sets lack, once the licences are accepted.

use std::io::{self, IsTerminal, Write};

use anyhow::Context;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use faceau_models::install::{Installer, Patience, Plan, Watcher, plan};
use faceau_models::{Content, ModelFile, ModelSet, Store};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::convert::convert_all;
use super::{BAD, GOOD, NOT_ACCEPTED, licence, megabytes};
use crate::commands::{complain, print};

/// The variable that names a mirror.
const MIRROR: &str = "FACEAU_MODELS_MIRROR";

/// `models install`
#[derive(Debug, Args)]
pub struct InstallCommand {
    /// The sets; `models list` says what each is for
    #[arg(value_name = "SET", value_parser = set_parser(), default_value = "openface-ceclm")]
    sets: Vec<ModelSet>,

    /// Accept the licences, for scripts; FACEAU_ACCEPT_LICENSE=1 does the same
    #[arg(long)]
    accept_license: bool,

    /// Fetch from a mirror: folders openface, pfld, … with the files under their official paths
    /// [default: $FACEAU_MODELS_MIRROR]
    #[arg(long, value_name = "URL")]
    mirror: Option<String>,
}

fn set_parser() -> impl TypedValueParser<Value = ModelSet> {
    PossibleValuesParser::new(ModelSet::ALL.map(ModelSet::name)).map(|name| {
        let named = |set: &ModelSet| set.name() == name;
        ModelSet::ALL
            .into_iter()
            .find(named)
            .expect("only names of sets are possible")
    })
}

impl InstallCommand {
    /// Does it.
    pub fn run(&self, store: &Store) -> anyhow::Result<i32> {
        let mirror = self.mirror()?;
        let plan = plan(store, &self.sets, mirror.is_some())?;
        for obstacle in &plan.obstacles {
            complain(&anyhow::Error::msg(obstacle.clone()));
        }
        let mut failed = plan.obstacles.len();
        if !plan.fetch.is_empty() {
            let mut stderr = io::stderr();
            writeln!(
                stderr,
                "{} files to fetch ({}); {} are there\n",
                plan.fetch.len(),
                megabytes(plan.bytes()),
                plan.present
            )?;
            if let Err(reason) = licence::consent(&plan.origins(), self.accept_license)? {
                complain(&anyhow::Error::msg(reason));
                return Ok(NOT_ACCEPTED);
            }
            failed += fetch(store, &plan, mirror)?;
        }
        convert_all(store)?;
        let names: Vec<&str> = self.sets.iter().map(|set| set.name()).collect();
        let names = names.join(", ");
        if failed == 0 {
            print(format!("{names}: installed\n"))?;
            return Ok(GOOD);
        }
        print(format!("{names}: {failed} files are still missing\n"))?;
        Ok(BAD)
    }

    fn mirror(&self) -> anyhow::Result<Option<String>> {
        let given = match &self.mirror {
            Some(mirror) => Some(mirror.clone()),
            // Set to nothing is not set.
            None => std::env::var(MIRROR).ok().filter(|value| !value.is_empty()),
        };
        match given {
            Some(url) if !url.starts_with("https://") && !url.starts_with("http://") => {
                anyhow::bail!("the mirror {url} is no address: it should begin with https://")
            }
            other => Ok(other),
        }
    }
}

/// Fetches everything, and says how many files could not be had.
fn fetch(store: &Store, plan: &Plan<'_>, mirror: Option<String>) -> anyhow::Result<usize> {
    let mut installer = Installer::new(store, mirror, Patience::default());
    let mut display = Display::new(plan);
    let mut failed = 0;
    for (file, content) in &plan.fetch {
        match installer.fetch(file, *content, &mut display) {
            Ok(_) => display.done(file, *content),
            Err(error) if error.is_fatal() => {
                display.bar.finish_and_clear();
                return Err(error).context("the installation was given up");
            }
            Err(error) => {
                failed += 1;
                display.bar.suspend(|| complain(&error.into()));
            }
        }
    }
    display.bar.finish_and_clear();
    Ok(failed)
}

/// Tells people how far it is: a bar on a terminal, a line for each file otherwise.
struct Display {
    bar: ProgressBar,
    terminal: bool,
    /// Bytes of the files that are done.
    before: u64,
}

impl Display {
    fn new(plan: &Plan<'_>) -> Self {
        let terminal = io::stderr().is_terminal();
        let target = if terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(plan.bytes()), target);
        let style = "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left: {wide_msg}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        Self {
            bar,
            terminal,
            before: 0,
        }
    }

    fn done(&mut self, file: &ModelFile, content: Content) {
        self.before += content.size;
        self.bar.set_position(self.before);
        if !self.terminal {
            self.remark(&format!(
                "fetched {} ({})",
                file.name(),
                megabytes(content.size)
            ));
        }
    }
}

impl Watcher for Display {
    fn bytes(&mut self, file: &ModelFile, here: u64) {
        self.bar.set_message(file.name().to_owned());
        self.bar.set_position(self.before + here);
    }

    fn remark(&mut self, text: &str) {
        self.bar.suspend(|| {
            // Nobody is left to tell when this fails.
            let _ = writeln!(io::stderr(), "{text}");
        });
    }
}
