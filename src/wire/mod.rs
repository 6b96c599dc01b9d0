//! The decoding kit: a [`Reader`] in which reading is recording.
//!
//! A decoder written on [`Reader`] is one function. It returns the typed value, and, when its [`Recorder`] is a
//! [`Tree`], it has also left behind every field by name with the bytes it came from. With [`Silent`] the recording
//! compiles to nothing. JSON, the field tree on the screen, hex highlighting, filters and the field reference all come
//! from that one pass, so nothing about a field is written twice.
//!
//! This module knows no protocol. It owns fields, trees, spans and problems, and the plain words that all layers
//! share: [`Time`], [`PacketNo`], [`Moment`], [`Side`], [`Place`]. [`words`] has how counts and times are written for people.

mod escape;
mod field;
mod ids;
mod memory;
mod moment;
mod open_enum;
mod reader;
mod sentence;
mod tree;
pub mod words;

pub use escape::{clean, clean_lines, escape, escape_into, file_name, is_hidden};
pub use field::{Field, Kind, Word};
pub use ids::IdMap;
pub use memory::map_bytes;
pub use moment::{Moment, PacketNo, Place, Side, Time};
pub use reader::{Problem, Reader, Stop, Trouble};
pub use sentence::{Origin, Sentence, told, told_as};
pub use tree::{Label, Node, Recorder, Silent, Tree, Value};
