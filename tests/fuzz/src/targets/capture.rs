//! A file of any kind → its packets → everything. The bytes are the file.

use std::io::Cursor;

use rtmp_inspect::capture::Input;

use crate::common::everything::Everything;

pub fn run(bytes: &[u8]) {
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
