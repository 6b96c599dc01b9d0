//! The fields that all of FTL's control lines share. Source: FTL 0.9 "Commands", "Responses".

use super::line::LineEnd;
use crate::fields;

fields! {
    /// A line of the control connection.
    FTL: Group "ftl", "", "FTL 0.9";
    /// What a reply says behind its code, or a line that is no command.
    TEXT: Text "ftl.text", "", "FTL 0.9";
    /// How the line ends.
    LINE_END: Word "ftl.line_end", "", "ftl-sdk ftl_helpers.c", LineEnd::WORDS;
}
