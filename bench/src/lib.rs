//! milena and its rivals against the same cheap broker of our own: who needs how much of a core for a record.

pub mod arguments;
pub mod broker;
pub mod clients;
pub mod contestants;
pub mod figures;
pub mod load;
pub mod measure;
pub mod pipe;
pub mod process;
pub mod results;
pub mod rig;
pub mod rounds;
pub mod scenario;
pub mod table;
pub mod tally;
pub mod targets;
