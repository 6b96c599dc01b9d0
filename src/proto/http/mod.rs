//! HTTP/1.x, as a carrier: one connection's requests and responses, out of its two directed streams. Source: RFC 9112.
//!
//! A [`Connection`] is told what the two directions of a TCP connection tell, and says what its messages are ([`Told`]): heads
//! ([`Head`], by `httparse`), bodies with where each piece was captured, holes in bodies, ends; each with the number of its
//! request, so that pipelined responses are tied to what they answer. Bodies have a length, or come in chunks, or go on to the
//! connection's end. After a hole over a head the next head is looked for.
//! What the bodies mean is for whoever asks: [`rtmpt`](super::rtmpt).

mod chunked;
mod connection;
mod head;
mod stream;

pub use connection::{Connection, Told};
pub use head::{Head, Length, Start};
