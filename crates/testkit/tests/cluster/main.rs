//! The cluster, from outside: stories over its requests and answers.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "all of this is tests, helpers included")]

mod apis;
mod faults;
mod hostile;
mod outages;
mod produce;
mod producer_state_vectors;
mod server;
mod support;
