//! RTMPT: RTMP in the bodies of HTTP requests and responses. Source: Red5, librtmp, FFmpeg; captures of FMS and crtmpserver.
//!
//! A client asks with POST for `/open/1` and gets a session's id, then sends RTMP's bytes as bodies of `/send/ID/NUMBER`, asks with
//! `/idle/ID/NUMBER` whether the server has some, and ends with `/close/ID/NUMBER`. The response to each of these begins with one byte, the
//! polling interval; what follows is RTMP's. A session is its id at a server, not a TCP connection: a client may use several.
//!
//! [`detect()`] says from the first bytes of a connection whether it carries RTMPT. [`Tunnels`] takes what the connections tell and gives
//! the two streams of each session ([`Tunneled`]), with one [`Exchange`] for each request.

mod cargo;
mod detect;
mod exchange;
mod lane;
mod request;
mod sessions;
mod signs;
mod slot;
mod tunnel;
mod tunnels;

pub use detect::{Match, detect};
pub use exchange::{Exchange, Problem};
pub use request::Request;
pub use signs::Signs;
pub use tunnels::Tunnels;

use std::net::SocketAddr;

use crate::net::{ConnectionId, Delivery, Start};
use crate::wire::{Moment, Side};

/// What [`Tunnels`] gives. `tunnel` is the session's number here, from 0, never used twice.
#[derive(Clone, Copy, Debug)]
pub enum Tunneled<'a> {
    /// A session begins, on this connection. Its `id` is empty where the server gave none.
    Opened {
        tunnel: u32,
        id: &'a str,
        connection: ConnectionId,
        client: SocketAddr,
        server: SocketAddr,
        start: Start,
        at: Moment,
    },
    /// A further connection carries a part of a session.
    Joined { tunnel: u32, connection: ConnectionId, client: SocketAddr, server: SocketAddr, at: Moment },
    /// What a direction of a session's RTMP tells.
    Stream { tunnel: u32, from: Side, delivery: Delivery<'a> },
    /// A request is over, with its response or without.
    Exchange { tunnel: u32, exchange: &'a Exchange },
}

/// Where what is given goes.
type Give<'g> = &'g mut dyn FnMut(Tunneled<'_>);
