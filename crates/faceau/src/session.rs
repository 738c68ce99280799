//! A run from the outside: begun with settings and inputs, stopped or paused by a handle.

use faceau_engine::events::{self, Event, EventReceiver, EventSender, Pause, Stop};
use faceau_events::Observer;

use crate::batch::{self, Inputs, SessionError, Summary};
use crate::settings::Settings;

/// Does what its settings say with whatever inputs it is given.
pub struct Session {
    settings: Settings,
    sender: EventSender,
    events: EventReceiver,
}

/// Stops or pauses the run of a session, from any thread.
#[derive(Debug, Clone)]
pub struct Handle {
    sender: EventSender,
}

impl Session {
    /// Nothing happens until [`Session::run`].
    pub fn new(settings: Settings) -> Self {
        let (sender, events) = events::channel();
        Self {
            settings,
            sender,
            events,
        }
    }

    /// What stops or pauses a run of this session.
    pub fn handle(&self) -> Handle {
        Handle {
            sender: self.sender.clone(),
        }
    }

    /// Analyses all inputs, one after another, and writes their outputs. Returns when all of them
    /// have had their turn, or when it was stopped.
    ///
    /// # Errors
    /// When nothing can be done. That an input fails is no error: the summary says so.
    pub fn run(
        &mut self,
        inputs: &Inputs,
        observer: &mut dyn Observer,
    ) -> Result<Summary, SessionError> {
        batch::run(inputs, &self.settings, observer, &self.sender, &self.events)
    }
}

impl Handle {
    /// Asks for the end. At first, what is being worked on is finished and kept; asked again, it is
    /// dropped; the third time nothing is written any more. `cause` is a number of the caller's own
    /// that comes back in the summary. Whether anybody listens.
    pub fn stop(&self, cause: i32) -> bool {
        self.request_stop(Stop {
            cause,
            insists: true,
        })
    }

    /// As [`Handle::stop`], but it means nothing more if it comes again.
    pub fn stop_gently(&self, cause: i32) -> bool {
        self.request_stop(Stop {
            cause,
            insists: false,
        })
    }

    fn request_stop(&self, stop: Stop) -> bool {
        self.sender.send(Event::Stop(stop)).is_ok()
    }

    /// Has all workers stand still while `wait` is called by the thread that runs the session.
    /// Whether anybody listens.
    pub fn pause(&self, wait: impl FnOnce() + Send + 'static) -> bool {
        self.sender
            .send(Event::Pause(Pause(Box::new(wait))))
            .is_ok()
    }
}
