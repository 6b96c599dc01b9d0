//! An FTL session: its control connection, and the flow of media that joins it; or that flow alone, where the control
//! connection is not in the capture.

use std::sync::Arc;

use bytes::Bytes;

use super::media::{self, Flow};
use super::message::{Body, Datagram, Message, Unreachable};
use super::session::{self, Session};
use super::state::Phase;
use crate::net::{self, Delivery, How};
use crate::proto::event::{Attempts, Close, Event, Gap};
use crate::proto::rtp::{Formats, Frame};
use crate::proto::stream::{Awaited, Consumer, Sink};
use crate::wire::{Moment, Side};

/// Lines that have room to be given at once.
const ROOM: usize = 4;

/// A session.
#[derive(Debug)]
pub struct Conversation {
    session: u32,
    control: Option<Session>,
    media: Option<Flow>,
    formats: Arc<Formats>,
    sides: [Said; 2],
    /// Its last close, which is told when no more media comes.
    end: Option<Close>,
    items: Vec<session::Item>,
}

/// What a side said.
#[derive(Debug, Default)]
struct Said {
    bytes: u64,
    messages: u64,
    closed: bool,
}

impl Conversation {
    /// One that begins with a control connection, of which the capture has each side's beginning, or not.
    pub fn of_control(session: u32, from_start: [bool; 2], stream_keys: &[String]) -> Conversation {
        Conversation { control: Some(Session::new(from_start, stream_keys)), ..Conversation::empty(session) }
    }

    /// One of media alone.
    pub fn of_media(session: u32) -> Conversation {
        let formats = media::formats(&super::Attributes::default());
        Conversation {
            media: Some(Flow::new(formats.clone())),
            formats: formats.into(),
            ..Conversation::empty(session)
        }
    }

    fn empty(session: u32) -> Conversation {
        let (formats, sides) = (Arc::default(), Default::default());
        Conversation { session, control: None, media: None, formats, sides, end: None, items: Vec::new() }
    }

    /// Gives the lines that are complete. Media can come as soon as a reply names its port.
    fn give(&mut self, out: &mut Sink<'_>) {
        for item in self.items.drain(..) {
            *out.messages = item.number;
            self.sides[item.from.index()].messages += 1;
            let body = Body::Line(Box::new(item));
            out.events.push_back(Event::Ftl(Message { session: self.session, body }));
        }
        // A thousand sessions have such room each.
        self.items.shrink_to(ROOM);
        let Some(control) = &self.control else { return };
        let state = control.state();
        if state.media_port.is_some() || state.phase == Phase::Started {
            self.begin_media();
        }
    }

    /// From here on media may come, of the types that were announced.
    fn begin_media(&mut self) {
        if self.media.is_some() {
            return;
        }
        let attributes = self.control.as_ref().map(|control| control.state().attributes.clone());
        let formats = media::formats(&attributes.unwrap_or_default());
        self.formats = formats.clone().into();
        self.media = Some(Flow::new(formats));
    }

    /// The frames that wait for packets which do not come any more.
    fn frames(&mut self) -> Vec<(Side, Frame)> {
        let mut frames = self.media.as_mut().map(Flow::finish).unwrap_or_default();
        for (_, frame) in &mut frames {
            frame.data = Bytes::new();
        }
        frames
    }

    fn close(&mut self, from: Side, how: How, at: Moment, tcp: Option<&net::TcpFacts>) -> Close {
        let said = &mut self.sides[from.index()];
        said.closed = true;
        let (bytes, messages) = (said.bytes, said.messages);
        Close {
            session: self.session,
            from,
            how,
            at,
            bytes,
            messages,
            undecoded: 0,
            tcp: tcp.map(|tcp| Box::new(tcp.clone())),
            last: self.sides.iter().all(|said| said.closed),
            attempts: Attempts::default(),
            strangers: Vec::new(),
            frames: Vec::new(),
        }
    }
}

impl Consumer for Conversation {
    fn take(&mut self, from: Side, delivery: &Delivery<'_>, out: &mut Sink<'_>) {
        let Some(control) = &mut self.control else { return };
        control.count_from(*out.messages);
        let side = &mut self.sides[from.index()];
        match *delivery {
            Delivery::Joined | Delivery::Heard => {}
            Delivery::Bytes { bytes, at, .. } => {
                side.bytes += bytes.len() as u64;
                control.bytes(from, at, bytes, &mut self.items);
                self.give(out);
            }
            Delivery::Gap { missing, at, .. } => {
                side.bytes += missing;
                out.events.extend(Gap::of(self.session, from, delivery, true).map(Event::Gap));
                control.gap(from, at, missing, &mut self.items);
                self.give(out);
            }
            Delivery::Close { how, at, tcp } => {
                control.close(from, at, &mut self.items);
                self.give(out);
                let close = self.close(from, how, at, tcp);
                if close.last && (self.media.is_some() || self.awaited().is_some()) {
                    self.end = Some(close);
                } else {
                    out.events.push_back(Event::Close(close));
                }
            }
        }
    }

    fn takes_datagrams(&self) -> bool {
        true
    }

    fn awaited(&self) -> Option<Awaited> {
        let state = self.control.as_ref()?.state();
        let ssrcs = [state.attributes.video.ssrc, state.attributes.audio.ssrc];
        // A PING implies that media was started, where the capture begins behind that.
        let is_started = state.joined && state.phase == Phase::Started;
        let sources: Vec<_> = ssrcs.into_iter().flatten().collect();
        // What the server said to the dot may not be in the capture: the sources tell which media it is.
        let may_start = state.is_dotted && state.phase < Phase::Started && !sources.is_empty();
        let port = state.media_port;
        (port.is_some() || is_started || may_start).then_some(Awaited { port, sources })
    }

    fn datagram(&mut self, from: Side, datagram: &net::Datagram<'_>, at: Moment, out: &mut Sink<'_>) {
        self.begin_media();
        let Some(media) = &mut self.media else { return };
        media.count_from(*out.messages);
        let bytes = Bytes::copy_from_slice(datagram.payload);
        let item = media.datagram(from, at, &bytes);
        *out.messages = item.number;
        let said = &mut self.sides[from.index()];
        said.bytes += bytes.len() as u64 + u64::from(datagram.cut);
        said.messages += 1;
        let formats = Arc::clone(&self.formats);
        let (captured, type_name) = (bytes.len() as u32, item.datagram.type_name());
        let net::Datagram { cut, place, .. } = *datagram;
        let datagram = Datagram { item, bytes, cut, place, formats, captured, type_name };
        let body = Body::Datagram(Box::new(datagram));
        out.events.push_back(Event::Ftl(Message { session: self.session, body }));
    }

    fn unreachable(&mut self, from: Side, at: Moment, out: &mut Sink<'_>) {
        *out.messages += 1;
        self.sides[from.index()].messages += 1;
        let body = Body::Unreachable(Unreachable { number: *out.messages, from, at });
        out.events.push_back(Event::Ftl(Message { session: self.session, body }));
    }

    fn finish(&mut self, how: How, at: Moment, out: &mut Sink<'_>) {
        if let Some(mut end) = self.end.take() {
            // The other side may have sent media since its own close was told.
            let said = &self.sides[end.from.index()];
            (end.bytes, end.messages) = (said.bytes, said.messages);
            end.frames = self.frames();
            out.events.push_back(Event::Close(end));
        } else if self.control.is_none() {
            for from in Side::BOTH {
                let mut close = self.close(from, how, at, None);
                if close.last {
                    close.frames = self.frames();
                }
                out.events.push_back(Event::Close(close));
            }
        }
    }

    fn is_over(&self) -> bool {
        self.sides.iter().all(|said| said.closed) && self.end.is_none()
    }

    fn shed(&mut self, _: Moment, _: &mut Sink<'_>) {
        if let Some(media) = &mut self.media {
            media.shed();
        }
    }

    fn held(&self) -> usize {
        self.media.as_ref().map_or(0, Flow::held)
    }

    fn own(&self) -> usize {
        let end = self.end.as_ref().and_then(|end| end.tcp.as_ref()).map_or(0, |tcp| tcp.memory());
        size_of::<Conversation>()
            + end
            + 2 * size_of::<Formats>()
            + self.items.capacity() * size_of::<session::Item>()
            + self.control.as_ref().map_or(0, Session::memory)
            + self.media.as_ref().map_or(0, Flow::memory)
    }

    fn work(&self) -> u64 {
        0
    }
}
