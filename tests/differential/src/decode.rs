//! Both decoders over the same values: as many as the bytes hold, in the form of a message of type 20.

use flash_lso::amf0::read::AMF0Decoder;
use flash_lso::amf3::read::AMF3Decoder;
use flash_lso::extra::flex::read::register_decoders;
use rtmp_inspect::limits::Limits;
use rtmp_inspect::proto::amf::{Context, amf0};
use rtmp_inspect::wire::{Reader, Silent};

use crate::plain;

/// What is read up to the first thing that cannot be, and that thing.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    pub values: Vec<String>,
    pub problem: Option<String>,
}

pub fn ours(bytes: &[u8]) -> Outcome {
    let limits = Limits::default();
    let context = &mut Context::new(&limits);
    let field = rtmp_inspect::proto::fields().next().expect("there are fields");
    let mut silent = Silent;
    let mut r = Reader::new(bytes, 0, &mut silent);
    let mut values = Vec::new();
    while !r.is_empty() {
        match amf0::value(&mut r, context, field) {
            Ok(value) => values.push(plain::ours(&value)),
            Err(stop) => return Outcome { values, problem: Some(stop.what) },
        }
    }
    Outcome { values, problem: context.take_end().map(|stop| stop.what) }
}

/// Flash-lso over AMF0, with AMF3 behind each avmplus marker in tables of its own.
pub fn theirs(mut bytes: &[u8]) -> Outcome {
    let mut decoder = AMF0Decoder::default();
    let mut values = Vec::new();
    while let Some(marker) = bytes.first() {
        let result = if *marker == 0x11 {
            let mut amf3 = AMF3Decoder::default();
            register_decoders(&mut amf3);
            amf3.parse_single_element(&bytes[1..])
        } else {
            decoder.parse_single_element(bytes)
        };
        match result {
            Ok((rest, value)) => {
                values.push(plain::theirs(&value));
                bytes = rest;
            }
            Err(error) => return Outcome { values, problem: Some(kind(&error.to_string())) },
        }
    }
    Outcome { values, problem: None }
}

/// An error without the bytes that it quotes.
fn kind(error: &str) -> String {
    match (error.split_once('['), error.rsplit_once("], ")) {
        (Some((before, _)), Some((_, after))) => format!("{before}{after}"),
        _ => error.to_owned(),
    }
}
