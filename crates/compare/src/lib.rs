//! How far two tables of the same video are apart: action units, landmarks, head pose, gaze.
//!
//! A [`table`] is read from a CSV as OpenFace or a program like it writes it; [`join`] says which
//! rows belong to the same frame; [`comparison`] measures with the plain formulas of
//! [`statistics`]; [`requirement`] judges against limits; [`text`] and [`page`] show the result.
//! Nothing here knows how tables are made.

pub mod action_units;
pub mod column;
pub mod comparison;
pub mod join;
pub mod page;
pub mod points;
pub mod requirement;
pub mod statistics;
pub mod table;
pub mod text;
