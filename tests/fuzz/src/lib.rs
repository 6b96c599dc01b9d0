//! What libFuzzer and `tests/corpus.rs` run.

#[path = "../../common/mod.rs"]
pub mod common;
pub mod targets;
