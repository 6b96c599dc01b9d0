//! What fields are asked of: an event, and what belongs to it.

use std::net::SocketAddr;

use crate::net::{Start, Tunnels};
use crate::proto::rtmp::Head;
use crate::proto::{Event, Opened, tls};
use crate::rules::Finding;
use crate::wire::{IdMap, Time};

/// One event with what belongs to it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// As it is on the wire, not masked: a filter may look for a stream's key, and what is shown is masked all the same.
    pub event: &'a Event,
    /// What the rules found at this event.
    pub findings: &'a [Finding],
    /// The event's session, where its beginning was seen.
    pub session: Option<&'a SessionFacts>,
    /// The capture's first packet: relative times count from it.
    pub start: Time,
}

impl<'a> Subject<'a> {
    /// The header of a whole or an unfinished message.
    pub(crate) fn head(&self) -> Option<&'a Head> {
        match self.event {
            Event::Message(message) => Some(&message.head),
            Event::Incomplete(incomplete) => Some(&incomplete.head),
            _ => None,
        }
    }
}

/// What is known of a session from its beginning, for every later event of it.
#[derive(Clone, Debug)]
pub struct SessionFacts {
    pub protocol: &'static str,
    /// Of one that is enciphered on the wire, whether it was deciphered.
    pub decrypted: Option<bool>,
    /// `address:port`, as JSON has it.
    pub client: String,
    pub server: String,
    pub start: Start,
    pub proxied: Option<String>,
    /// What the client's packets came in, each tag or tunnel by its name, and the server's, where that is something else.
    pub tunnels: Vec<String>,
    pub tunnels_back: Vec<String>,
    /// What is known of the TLS that carries it.
    pub tls: Option<Box<tls::Facts>>,
}

impl SessionFacts {
    pub fn of(opened: &Opened) -> SessionFacts {
        let text = |address: SocketAddr| address.to_string();
        let (tunnels, back) = opened.ways();
        SessionFacts {
            protocol: opened.protocol,
            decrypted: opened.decrypted,
            client: text(opened.client),
            server: text(opened.server),
            start: opened.start,
            proxied: opened.proxied.clone(),
            tunnels: tunnels.names(),
            tunnels_back: back.map(Tunnels::names).unwrap_or_default(),
            tls: None,
        }
    }
}

/// The facts of every session that is open.
#[derive(Debug, Default)]
pub struct Sessions {
    open: IdMap<u32, SessionFacts>,
}

impl Sessions {
    /// Learns from an event, before it is filtered.
    pub fn observe(&mut self, event: &Event) {
        match event {
            Event::Session(opened) => {
                self.open.insert(opened.session, SessionFacts::of(opened));
            }
            Event::Tls(told) => {
                if let Some(facts) = self.open.get_mut(&told.session) {
                    facts.tls = Some(told.facts.clone());
                }
            }
            _ => {}
        }
    }

    pub fn get(&self, session: u32) -> Option<&SessionFacts> {
        self.open.get(&session)
    }

    /// Sessions that are remembered.
    pub fn held(&self) -> usize {
        self.open.len()
    }

    /// Drops a session after its last event.
    pub fn forget(&mut self, event: &Event) {
        if let Event::Close(close) = event
            && close.last
        {
            self.open.remove(&close.session);
        }
    }
}
