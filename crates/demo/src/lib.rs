//! A synthetic face whose action units, landmarks and pose are known exactly.
//!
//! It is what the program's own demo models are trained on and what proves the whole program on a
//! machine without any other model. It is a character, not a person: nothing here was measured on
//! anybody's face, and models that know only this face know nothing about real ones.
//!
//! Follow a picture: a [`Scene`] says who ([`Identity`]) shows what ([`AuIntensities`]) where
//! ([`Pose`]); the [`face`] module turns that into landmarks and a surface, [`paint`] gives every
//! point of the surface its colour, [`draw`] puts it into pixels, and [`render`] returns them
//! together with the [`Truth`].
//!
//! The same scene gives the same bytes, on however many threads scenes are rendered.

pub mod action_units;
pub mod clip;
pub mod draw;
pub mod export;
pub mod face;
pub mod film;
pub mod identity;
pub mod ordered;
pub mod paint;
pub mod pose;
pub mod random;
pub mod random_scene;
pub mod scene;
pub mod truth_table;
pub mod video;

pub use action_units::{Au, AuIntensities};
pub use identity::{HairStyle, Identity};
pub use pose::{Camera, Pose};
pub use random::Random;
pub use scene::{Face, Picture, Renderer, Scene, Truth, render};
