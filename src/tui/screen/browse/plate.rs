//! The bytes that the pane shows, one of several ways: a message's own, its payload alone, or all as they came. What is where in each of
//! them is known, so that a field is found in all.

use crate::book::{Detail, Wire, WirePart};
use crate::tui::shared::Shared;
use crate::wire::words::count;

/// A way to show a row's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Way {
    /// The first chunk header, and the payload put together.
    #[default]
    Whole,
    Payload,
    /// All chunk headers among the payload, and where packets begin.
    Wire,
}

impl Way {
    pub(super) fn next(self) -> Self {
        match self {
            Way::Whole => Way::Payload,
            Way::Payload => Way::Wire,
            Way::Wire => Way::Whole,
        }
    }

    /// What it is, for the line at the bottom.
    pub(super) fn about(self) -> String {
        match self {
            Way::Whole => "bytes: the first chunk header, and the payload put together".to_owned(),
            Way::Payload => "bytes: the payload alone".to_owned(),
            Way::Wire => format!(
                "bytes: as they came, with every chunk header; {BORDER} a packet begins, {BREAK} other messages are between"
            ),
        }
    }
}

/// Before the first byte of a packet, and where chunks of other messages stood.
pub(super) const BORDER: &str = "│";
pub(super) const BREAK: &str = "┊";

/// Bytes, and what they are of.
#[derive(Debug, Default)]
pub(super) struct Plate {
    pub(super) bytes: Vec<u8>,
    /// One behind the other.
    parts: Vec<WirePart>,
    borders: Vec<usize>,
    breaks: Vec<usize>,
    pub(super) about: String,
}

impl Plate {
    /// A row's bytes in a way; in the first one where it has no other.
    pub(super) fn of(detail: &Detail, way: Way, shared: &Shared) -> Self {
        let is_message = detail.header > 0;
        match way {
            Way::Payload if is_message => Plate::payload(detail),
            Way::Wire if is_message => match shared.book.wire(detail.row) {
                Some(wire) => Plate::wire(wire),
                None => Plate::whole(detail),
            },
            _ => Plate::whole(detail),
        }
    }

    fn whole(detail: &Detail) -> Self {
        let (header, length) = (detail.header, detail.bytes.len());
        let parts = vec![part(0, header, 0, true), part(header, length - header.min(length), header, false)];
        Plate { bytes: detail.bytes.clone(), parts, about: detail.about_bytes.clone(), ..Plate::default() }
    }

    fn payload(detail: &Detail) -> Self {
        let bytes = detail.bytes.get(detail.header..).unwrap_or_default().to_vec();
        let about = detail.about_bytes.split_once(", ").map_or("payload", |(_, payload)| payload);
        Plate {
            parts: vec![part(0, bytes.len(), detail.header, false)],
            bytes,
            about: about.to_owned(),
            ..Plate::default()
        }
    }

    fn wire(wire: Wire) -> Self {
        let chunks = wire.parts.iter().filter(|part| part.is_header).count() as u64;
        let name = if wire.is_derived { "decrypted" } else { "wire" };
        let about = format!("{name}, {}, {BORDER} packet", count(chunks, "chunk"));
        let Wire { bytes, parts, borders, breaks, .. } = wire;
        Plate { bytes, parts, borders, breaks, about }
    }

    fn part(&self, at: usize) -> Option<&WirePart> {
        let number = self.parts.partition_point(|part| part.at <= at).checked_sub(1)?;
        self.parts.get(number).filter(|part| at < part.at + part.length)
    }

    pub(super) fn is_header(&self, at: usize) -> bool {
        self.part(at).is_some_and(|part| part.is_header)
    }

    /// The same byte among the row's own.
    pub(super) fn own(&self, at: usize) -> Option<usize> {
        let part = self.part(at)?;
        Some(part.own? + at - part.at)
    }

    /// Where one of the row's own bytes is; the nearest one where it is not here.
    pub(super) fn place(&self, own: usize) -> usize {
        let holds = |part: &&WirePart| part.own.is_some_and(|start| (start..start + part.length).contains(&own));
        match self.parts.iter().find(holds) {
            Some(part) => part.at + own - part.own.unwrap_or_default(),
            None if own == 0 => 0,
            None => self.bytes.len().saturating_sub(1).min(own),
        }
    }

    /// What stands before a byte where something begins with it.
    pub(super) fn mark(&self, at: usize) -> Option<&'static str> {
        if self.breaks.binary_search(&at).is_ok() {
            return Some(BREAK);
        }
        self.borders.binary_search(&at).is_ok().then_some(BORDER)
    }
}

fn part(at: usize, length: usize, own: usize, is_header: bool) -> WirePart {
    WirePart { at, length, own: Some(own), is_header }
}
