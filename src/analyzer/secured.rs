//! Connections of TLS: who is told what becomes known of them, and when one is a session by itself.
//!
//! What is known of a connection grows until it ends: resumption, ALPN, the certificate, alerts, that records are decrypted. The sessions
//! inside of it are told each time, through HTTP and RTMPE too. That nothing opens a connection is told when nothing can any more.

use std::net::SocketAddr;

use super::others::Met;
use super::{Connection, Content, State, StreamId, TUNNEL};
use crate::net::{Delivery, Kept};
use crate::proto;
use crate::proto::rtmp::detect::Foreign;
use crate::proto::stream::Consumer;
use crate::proto::tls::{Alert, Facts, Reason, Tls};
use crate::proto::{Event, Sealed};
use crate::wire::{Moment, Side};

/// A TLS connection.
#[derive(Debug)]
pub(super) struct Outer {
    pub(super) tls: Tls,
    /// What of it was told: the facts' revision, what that amounts to, and how many alerts.
    told: u32,
    said: String,
    alerts: usize,
    /// What it is where it turns out to carry no session.
    pub(super) stranger: Met,
    /// The session that it is by itself, since nothing opens it; with its client and server.
    pub(super) sealed: Option<(u32, SocketAddr, SocketAddr)>,
    /// By side: bytes so far, captured or missing, and those of them that were captured.
    bytes: [u64; 2],
    captured: [u64; 2],
    /// The first holes, and how its sides ended.
    kept: Vec<(Side, Kept)>,
    closes: usize,
}

impl Outer {
    pub(super) fn new(tls: Tls, stranger: Met) -> Outer {
        let (told, said, kept) = (0, String::new(), Vec::new());
        Outer { tls, told, said, alerts: 0, stranger, sealed: None, bytes: [0; 2], captured: [0; 2], kept, closes: 0 }
    }

    /// Keeps what a session needs to know that it may become, of holes so many at most.
    pub(super) fn note(&mut self, from: Side, delivery: &Delivery<'_>, most: usize) {
        let side = from.index();
        match *delivery {
            _ if self.sealed.is_some() => {}
            Delivery::Joined | Delivery::Heard => {}
            Delivery::Bytes { offset, bytes, .. } => {
                self.captured[side] += bytes.len() as u64;
                self.bytes[side] = self.bytes[side].max(offset + bytes.len() as u64);
            }
            Delivery::Gap { offset, missing, .. } => {
                self.bytes[side] = self.bytes[side].max(offset + missing);
                if self.kept.len() < most {
                    self.kept.push((from, Kept::of(delivery)));
                }
            }
            Delivery::Close { .. } => {
                self.closes += 1;
                self.kept.push((from, Kept::of(delivery)));
            }
        }
    }

    /// Bytes that were found inside of it.
    pub(super) fn plain_bytes(&self) -> u64 {
        self.tls.facts().sent.iter().map(|sent| sent.plain_bytes).sum()
    }

    /// Bytes of memory that it takes.
    pub(super) fn memory(&self) -> usize {
        let kept = self.kept.iter().map(|(_, kept)| kept.memory()).sum::<usize>();
        size_of::<Outer>() - size_of::<Tls>()
            + self.said.capacity()
            + self.kept.capacity() * size_of::<(Side, Kept)>()
            + kept
            + self.tls.own()
            + self.tls.held()
    }
}

/// What became known of a TLS connection that was told before.
#[derive(Clone, Copy)]
struct News<'f> {
    /// Something else than alerts.
    is_new: bool,
    alerts: &'f [Alert],
}

impl State {
    /// Says what became known of a TLS connection, where it is a session's.
    pub(super) fn tell_tls(&mut self, outer: &mut Outer, inside: StreamId) {
        let facts = outer.tls.facts();
        if facts.revision == outer.told {
            return;
        }
        outer.told = facts.revision;
        let said = facts.said();
        let is_new = said != outer.said;
        if !is_new && outer.alerts == facts.alerts.len() {
            return;
        }
        let news = News { is_new, alerts: &facts.alerts[outer.alerts..] };
        match outer.sealed {
            Some((session, ..)) => self.say_news(session, facts, news),
            None => self.tell_inside(inside, facts, news),
        }
        (outer.said, outer.alerts) = (said, facts.alerts.len());
    }

    /// Tells the sessions inside of a stream, or has what is none yet know it.
    fn tell_inside(&mut self, stream: StreamId, facts: &Facts, news: News<'_>) {
        let Some(live) = self.live.get_mut(&stream) else { return };
        let inside: Vec<StreamId> = match &live.content {
            Content::Session(session) => {
                let session = *session;
                return self.say_news(session, facts, news);
            }
            Content::Carrier(carried) => vec![carried.inside],
            Content::Tunnels(road) => road
                .tunnels
                .iter()
                .rev()
                .take(self.limits.tls_told)
                .map(|tunnel| TUNNEL | StreamId::from(*tunnel))
                .collect(),
            Content::Unknown(_) | Content::Other(_) | Content::Over(_) => Vec::new(),
        };
        live.wrapping.tls = Some(Box::new(facts.clone()));
        for stream in inside {
            self.tell_inside(stream, facts, news);
        }
    }

    /// Tells a session first what is known of its TLS.
    pub(super) fn say_tls(&mut self, session: u32, facts: &Facts) {
        self.say(session, facts, facts.packets.unwrap_or_default(), None);
        self.say_news(session, facts, News { is_new: false, alerts: &facts.alerts });
    }

    /// Tells a session what became known now.
    fn say_news(&mut self, session: u32, facts: &Facts, News { is_new, alerts }: News<'_>) {
        if is_new {
            let now = self.totals.last.unwrap_or_default();
            self.say(session, facts, (now, now), None);
        }
        for alert in alerts {
            self.say(session, facts, (alert.at, alert.at), Some(*alert));
        }
    }

    fn say(&mut self, session: u32, facts: &Facts, packets: (Moment, Moment), alert: Option<Alert>) {
        self.events.push_back(Event::Tls(proto::Tls { session, facts: Box::new(facts.clone()), packets, alert }));
    }

    /// Whether a connection that was not opened so far may still be.
    fn may_open(&self, facts: &Facts) -> bool {
        match facts.reason {
            Some(Reason::VersionUnsupported | Reason::CipherUnsupported) => false,
            _ if self.secrets.may_grow() => true,
            // A key log may have a part of a session's secrets.
            Some(Reason::NoSecrets) => facts.client_random.is_some_and(|random| self.secrets.knows(&random)),
            // The next record may be whole, or tell which session it is.
            Some(Reason::HandshakeMissing | Reason::BadRecord) => self.secrets.report().sessions > 0,
            None => true,
        }
    }

    /// A connection that nothing opens, or of which too little is opened to tell what is inside, is a session by itself where it is
    /// likely RTMPS.
    pub(super) fn seal(
        &mut self,
        outer: &mut Outer,
        (stream, inside): (StreamId, StreamId),
        from: Side,
        told: Option<&Delivery<'_>>,
    ) {
        if let Some((session, client, server)) = outer.sealed {
            // What is inside may have ended already.
            if let Some(delivery) = told
                && !matches!(delivery, Delivery::Heard | Delivery::Joined)
            {
                self.tell(session, client, server, from, delivery);
            }
            return;
        }
        // Where something may still open it, that is seen at its end.
        let is_over = outer.closes == Side::BOTH.len() && !outer.tls.is_waiting();
        let is_settled = is_over || !self.may_open(outer.tls.facts());
        let is_told = matches!(
            self.live.get(&inside),
            Some(Connection { content: Content::Session(_) | Content::Over(true) | Content::Other(Some(_)), .. })
        );
        let Some(outside) = self.live.get(&stream).filter(|_| is_settled && !is_told) else { return };
        // All of it can be read, and it is not RTMP.
        let is_open = outer.tls.facts().is_open();
        if is_open && outer.plain_bytes() > 0 {
            return;
        }
        // A server that does not answer in TLS does not speak RTMPS.
        let is_answered = outer.stranger.answer == Some(Foreign::Tls) || !outer.stranger.from_start;
        let is_tls = outer.tls.facts().sent.iter().any(|sent| sent.records > 0);
        let is_likely = is_answered && is_tls && outer.tls.likeness(outside.server.port()).is_some();
        if !is_likely {
            return;
        }
        let opened = outside.opened("rtmps", Some(is_open), None);
        let (client, server) = (opened.client, opened.server);
        let number = self.open(opened);
        let facts = outer.tls.facts().clone();
        // Of what is decrypted the bytes inside count, and there are none.
        let (bytes, captured) = if is_open { Default::default() } else { (outer.bytes, outer.captured) };
        let sealed: Box<dyn Consumer> = Box::new(Sealed::new(number, bytes, captured, is_open));
        (outer.told, outer.said, outer.alerts) = (facts.revision, facts.said(), facts.alerts.len());
        self.say_tls(number, &facts);
        self.sessions.open(number, sealed);
        outer.sealed = Some((number, client, server));
        for (from, kept) in std::mem::take(&mut outer.kept) {
            self.tell(number, client, server, from, &kept.lend());
        }
    }
}
