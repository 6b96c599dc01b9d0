//! TLS on real captures: what its records carry, by the real reassembly; and what is known of it without secrets.
//!
//! `captures/tls/` at the top has sessions of real clients and servers with their key logs. `plain.txt` has how many bytes each direction
//! carries and their SHA-256, as tshark decrypts them: `tests/differential/tls.py` writes it.
#![allow(clippy::unwrap_used)]

mod facts;
mod keylog;
mod late;
mod loss;
mod messages;
mod midstream;
mod plain;
mod resumed;
mod run;
mod sides;
mod told;
