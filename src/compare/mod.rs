//! How servers behave, side by side: events → profiles → a comparison.
//!
//! An [`Observer`] folds the events of one capture into its server's [`Profile`]: what the server did in which
//! situation, each fact as one short text with the message that shows it. [`Comparison`] puts the profiles of
//! several servers side by side: a table of information objects and a table of behaviour, and what of them breaks clients first. Facts that differ from session to
//! session by their nature (times, ids, tokens) are left out or put in words that do not differ (`normal`).
//!
//! Nothing is kept of a session but its facts, and a profile keeps each fact once: memory grows with sessions and with what
//! is different in them, not with media. How it looks is for [`export`](crate::export).

mod carriers;
mod codes;
mod digest;
mod evidence;
mod flow;
mod ftl;
mod handshake;
mod media;
mod normal;
mod observer;
mod profile;
mod request;
mod rows;
mod scenarios;
mod session;
mod situation;
mod software;
mod table;
mod tested;
mod writer;

pub use digest::{DIGEST, Difference, KINDS, Kind};
pub use evidence::Evidence;
pub use observer::Observer;
pub use profile::Profile;
pub use rows::{Cell, CodeCell, CodeRow, Row, State};
pub use scenarios::{Scenarios, ScenariosError};
pub use table::Comparison;
pub use tested::{Tested, Told};
