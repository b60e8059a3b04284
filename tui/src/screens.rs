//! Screens: each its own state, messages, update and view.

pub mod triage;
