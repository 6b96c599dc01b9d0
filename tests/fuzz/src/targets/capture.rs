//! A file of any kind → its packets → everything; and the same read in small pieces, as a pipe gives them. The bytes are
//! the file.

use std::io::{Cursor, Read};

use rtmp_inspect::capture::{Input, LinkType};
use rtmp_inspect::wire::{Moment, Place};

use crate::common::everything::Everything;

/// Gives a few bytes at a time.
struct Pieces(Cursor<Vec<u8>>, usize);

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let length = into.len().min(self.1);
        self.0.read(&mut into[..length])
    }
}

/// What a packet is, or why there is none.
type Found = Result<(Moment, LinkType, Vec<u8>, u32, Place), String>;

fn packets(source: impl Read + Send + 'static) -> Vec<Found> {
    let mut found = Vec::new();
    match Input::from_reader("capture", source) {
        Ok(mut input) => {
            while let Some(packet) = input.next() {
                found.push(match packet {
                    Ok(packet) => {
                        Ok((packet.at, packet.link, packet.data.to_owned(), packet.wire_length, packet.place))
                    }
                    Err(error) => Err(error.to_string()),
                });
            }
        }
        Err(error) => found.push(Err(error.to_string())),
    }
    found
}

pub fn run(bytes: &[u8]) {
    let piece = 1 + bytes.len() % 7 + bytes.len() / 64;
    let at_once = packets(Cursor::new(bytes.to_owned()));
    let piecemeal = packets(Pieces(Cursor::new(bytes.to_owned()), piece));
    for (one, other) in at_once.iter().zip(&piecemeal) {
        // What is damaged says so where it is seen, and bytes that come together fail together.
        if one.is_err() || other.is_err() {
            break;
        }
        assert_eq!(one, other, "in pieces of {piece} bytes it is something else");
    }
    let is_damaged = at_once.iter().chain(&piecemeal).any(Result::is_err);
    assert!(is_damaged || at_once.len() == piecemeal.len(), "in pieces of {piece} bytes there is more or less");
    match Input::from_reader("capture", Cursor::new(bytes.to_owned())) {
        Ok(mut input) => {
            let everything = Everything::of(&mut input);
            everything.json();
            assert!(input.next().is_none(), "a packet after the end");
            // What the file says beside its packets.
            drop(format!("{:?}", input.notes()));
            assert!(input.bytes_read() <= bytes.len() as u64);
        }
        Err(error) => drop(error.to_string()),
    }
}
