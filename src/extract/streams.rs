//! Which stream of a session a message belongs to: each that was published or played is one, and what is made of it begins and ends
//! with it.
//!
//! A publish is over where its message stream is asked for something else. A play goes on until the server begins the next one, since
//! a player may ask for what is to come behind it. What nobody asked for, as far as the capture tells, is told by its sender and its message
//! stream. What is made is named by the session, its number among the session's streams, and what of the wire is known and may be shown.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io;

use super::Output;
use super::clear::LeftOut;
use super::flv::{Counts, Flv};
use super::item::{self, Item};
use super::media::{Elementary, Ended, LeftOver, Tracks};
use super::name::{joined, safe};
use super::notes::{Note, Notes};
use super::shelf::Shelf;
use crate::limits::Limits;
use crate::net::{How, Start};
use crate::proto::ftl;
use crate::proto::rtmp::procedure::Deed;
use crate::proto::rtmp::secrets::{Masks, Place};
use crate::proto::rtmp::{Body, Message};
use crate::proto::{Close, Event, Incomplete, Opened};
use crate::story::{Request, Story, Use};
use crate::wire::words::{count, plural};
use crate::wire::{IdMap, Moment, Side};

/// What happened before a stream began, as far as it is kept to be told with it.
const EARLY: usize = 8;

/// Makes files of streams, while a capture is read.
pub struct Streams<S: Shelf> {
    output: Output,
    shelf: S,
    /// Those that are wanted; otherwise all are.
    only: Option<BTreeSet<u32>>,
    limits: Limits,
    sessions: IdMap<u32, Session>,
    /// Streams that are open, over all sessions, and bytes that wait in them.
    open: usize,
    held: usize,
    /// Counts items, so that the stream that was idle for longest is known.
    clock: u64,
    /// Streams that were begun.
    begun: u64,
    /// Streams that were not begun, because there were too many.
    missed: u64,
    done: Vec<Made>,
}

/// What was made of a stream that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub session: u32,
    /// As the timeline names it.
    pub protocol: &'static str,
    /// The file, and what is in it, where it is one of FLV.
    pub flv: Option<(String, Counts)>,
    /// Its elementary streams, where these are wanted.
    pub elementary: Vec<Elementary>,
    pub left_out: Vec<LeftOver>,
    /// The file with what there is to know, and how much that is.
    pub notes: Option<(String, u64)>,
    /// A stream of which no file is made: what its files would be called by, and why; a clause.
    pub nothing: Option<(String, &'static str)>,
    /// A session of which nothing can be made.
    pub session_left_out: Option<LeftOut>,
}

struct Session {
    protocol: &'static str,
    /// Streams so far.
    streams: u32,
    open: BTreeMap<(usize, u32), Stream>,
    /// By side: what happened while none of its streams was open.
    early: [Vec<Note>; 2],
}

struct Stream {
    /// The `n` of the publish or play that asked for it.
    asked: Option<u64>,
    base: String,
    notes: Notes,
    file: File,
    /// Of the clock, at its last item; and where in the capture that is.
    used: u64,
    at: Moment,
    ended: Ended,
    /// Its times have been said not to be known.
    is_untimed: bool,
}

enum File {
    Flv(Flv),
    Media(Tracks),
}

impl File {
    fn timestamp(&self) -> Option<u32> {
        match self {
            File::Flv(flv) => flv.timestamp(),
            File::Media(tracks) => tracks.timestamp(),
        }
    }

    fn held(&self) -> usize {
        match self {
            File::Flv(flv) => flv.held(),
            File::Media(tracks) => tracks.held(),
        }
    }
}

/// FTL's media have no message stream.
const FTL_STREAM: u32 = 0;

impl<S: Shelf> Streams<S> {
    /// Of the captures' sessions perhaps `only` some are wanted.
    pub fn new(output: Output, shelf: S, only: Option<BTreeSet<u32>>, limits: &Limits) -> Self {
        Streams {
            output,
            shelf,
            only,
            limits: limits.clone(),
            sessions: IdMap::default(),
            open: 0,
            held: 0,
            clock: 0,
            begun: 0,
            missed: 0,
            done: Vec::new(),
        }
    }

    /// The next event of an inspection.
    pub fn take(&mut self, event: &Event, story: &Story, masks: &Masks) -> io::Result<()> {
        let number = event.session();
        if self.only.as_ref().is_some_and(|only| !only.contains(&number)) {
            return Ok(());
        }
        match event {
            Event::Session(opened) => {
                self.begin(opened);
                Ok(())
            }
            Event::Message(message) => self.message(message, story, masks),
            Event::Ftl(message) => self.ftl(message, story),
            Event::Incomplete(part) => self.incomplete(part),
            Event::Gap(gap) => {
                let about = if gap.exact { "" } else { "about " };
                let bytes = count(gap.bytes, "byte");
                let missing = plural(gap.bytes, "is missing from the capture", "are missing from the capture");
                let why = if gap.captured { "could not be opened" } else { missing };
                let text = format!("{about}{bytes} of the {} {why}", gap.from.name());
                let hole = Some((gap.offset, gap.bytes));
                self.note(number, Note { hole, ..note("gap", gap.from, gap.at, text) })
            }
            Event::Undecodable(lost) => {
                let text = format!("what follows is not decoded: {}", masks.sentence(number, &lost.reason.sentence()));
                let hole = Some((lost.offset, 0));
                self.note(number, Note { hole, ..note("undecodable", lost.from, lost.at, text) })
            }
            Event::Resync(found) => {
                let text = match found.skipped {
                    0 => "messages go on".to_owned(),
                    skipped => {
                        let are = plural(skipped, "is", "are");
                        format!("messages go on, behind {} that {are} not decoded", count(skipped, "byte"))
                    }
                };
                let hole = Some((found.offset, found.skipped));
                self.note(number, Note { hole, ..note("resync", found.from, found.at, text) })
            }
            Event::Deviation(deviation) if deviation.mistake.loses() => {
                let text = deviation.mistake.clause(deviation.from);
                self.note(number, note("deviation", deviation.from, deviation.at, text))
            }
            Event::Close(close) => self.close(close),
            _ => Ok(()),
        }
    }

    /// What was made since it was last asked.
    pub fn made(&mut self) -> Vec<Made> {
        std::mem::take(&mut self.done)
    }

    /// Streams of which nothing was made, because there were too many.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// Ends what is open. Gives where it was written to.
    pub fn finish(&mut self) -> io::Result<()> {
        let mut open: Vec<u32> = self.sessions.keys().copied().collect();
        open.sort_unstable();
        open.into_iter().try_for_each(|session| self.end(session))
    }

    /// Where it is written to.
    pub fn shelf(&mut self) -> &mut S {
        &mut self.shelf
    }

    /// Where it was written to.
    pub fn into_shelf(self) -> S {
        self.shelf
    }

    fn begin(&mut self, opened: &Opened) {
        let Opened { session, protocol, .. } = *opened;
        let is_sealed = opened.decrypted == Some(false);
        let is_ftl = protocol == ftl::NAME;
        if is_sealed || is_ftl && matches!(self.output, Output::Flv { .. }) {
            let session_left_out = Some(LeftOut { session, protocol, is_sealed });
            self.done.push(Made {
                session,
                protocol,
                flv: None,
                elementary: Vec::new(),
                left_out: Vec::new(),
                notes: None,
                nothing: None,
                session_left_out,
            });
            return;
        }
        let mut early = [Vec::new(), Vec::new()];
        if opened.start == Start::Midstream {
            let text = "the capture begins behind the beginning of the connection".to_owned();
            early = Side::BOTH.map(|side| vec![note("midstream", side, opened.at, text.clone())]);
        }
        self.sessions.insert(session, Session { protocol, streams: 0, open: BTreeMap::new(), early });
    }

    fn message(&mut self, message: &Message, story: &Story, masks: &Masks) -> io::Result<()> {
        let is_command = matches!(message.body, Body::Command(_));
        if is_command {
            return self.command(message, story);
        }
        if !matches!(message.body, Body::Aggregate(_)) && !item::is_stored(message.head.kind) {
            return Ok(());
        }
        let shown = masks.message(message);
        let mut cut = 0;
        let items = item::items(&shown, &mut cut);
        let (id, from, number) = (message.head.message_stream_id, message.from, message.session);
        let Some(key) = self.stream(number, from, id, story, masks)? else { return Ok(()) };
        let mut is_told = false;
        for item in &items {
            is_told |= self.item(number, key, from, item)?;
        }
        let n = Some(message.n);
        let at = message.head.last;
        if cut > 0 {
            let what = plural(cut, "message in an aggregate is", "messages in an aggregate are");
            let text = format!("{cut} {what} cut off, and left out");
            self.tell(number, key, Note { n, ..note("problem", from, at, text) })?;
        }
        // What is not written of a message was said, if anything was, and mostly for the same reason.
        if let Some(problem) = message.problems.first().filter(|_| !is_told) {
            let text = if shown.is_masked() { "it is not decoded to its end".to_owned() } else { problem.what.clone() };
            self.tell(number, key, Note { n, ..note("problem", from, at, text) })?;
        }
        if shown.is_masked() {
            let text = "secrets in it are overwritten with asterisks".to_owned();
            self.tell(number, key, Note { n, ..note("masked", from, at, text) })?;
        }
        self.relieve(number, key)
    }

    /// What a client asks for may explain why a stream's times go back or stand still.
    fn command(&mut self, message: &Message, story: &Story) -> io::Result<()> {
        let Body::Command(command) = &message.body else { return Ok(()) };
        let Some(request) = story.requests.get(message.n).filter(|request| request.deed == Some(Deed::Steers)) else {
            return Ok(());
        };
        let key = (message.from.other().index(), message.head.message_stream_id);
        let number = |at: usize| command.arguments.get(at).and_then(crate::proto::amf::Amf::number);
        let is = |at: usize| command.arguments.get(at) == Some(&crate::proto::amf::Amf::Boolean(true));
        let text = match request.procedure.map(|procedure| procedure.name) {
            Some("seek") => format!("the client seeks to {} ms", number(0).unwrap_or_default()),
            Some(name @ ("pause" | "pauseRaw")) => {
                let does = if is(0) { "pauses" } else { "goes on" };
                format!("the client {does} at {} ms ({name})", number(1).unwrap_or_default())
            }
            Some("receiveAudio") => format!("the client wants audio: {}", is(0)),
            Some("receiveVideo") => format!("the client wants video: {}", is(0)),
            _ => return Ok(()),
        };
        let n = Some(message.n);
        self.tell(message.session, key, Note { n, ..note("command", message.from, message.head.last, text) })
    }

    /// Whether a stream goes on with what is asked for now.
    fn goes_on(stream: &Stream, asked: Option<u64>, story: &Story) -> bool {
        if stream.asked == asked {
            return true;
        }
        let Some(request) = asked.and_then(|n| story.requests.get(n)) else { return false };
        // What was asked for before is played to its end.
        let is_queued = request.purpose() == Some(Use::Play) && !request.asks_reset && stream.asked.is_some();
        is_queued && !request.is_started && request.outcome.as_ref().is_none_or(|outcome| !outcome.accepted)
    }

    /// The open stream that audio, video and data of a side on a message stream belong to; a new one where it has begun.
    fn stream(
        &mut self,
        number: u32,
        from: Side,
        id: u32,
        story: &Story,
        masks: &Masks,
    ) -> io::Result<Option<(usize, u32)>> {
        let purpose = if from == Side::Client { Use::Publish } else { Use::Play };
        let is_its = |request: &&Request| request.purpose() == Some(purpose);
        let on_it = story.streams.get(id).and_then(|stream| story.asked(stream)).filter(is_its);
        // Some servers send a player its media, or what they keep of it (metadata, sequence headers), on message stream 0.
        let request = on_it.or_else(|| if id == 0 { story.requests.uses().rev().find(is_its) } else { None });
        let asked = request.map(|request| request.n);
        let id = if on_it.is_some() { id } else { request.map_or(id, |request| request.used_stream_id) };
        let key = (from.index(), id);
        let Some(session) = self.sessions.get(&number) else { return Ok(None) };
        match session.open.get(&key) {
            Some(stream) if Self::goes_on(stream, asked, story) => return Ok(Some(key)),
            Some(_) => self.end_stream(number, key)?,
            None => {}
        }
        let what = match request {
            Some(_) => if purpose == Use::Publish { "publish" } else { "play" }.to_owned(),
            None => format!("from-{}", from.name()),
        };
        let app = story.connect.as_ref().and_then(|connect| connect.app.as_deref());
        let app = app.map(|app| safe(&masks.text(number, Place::App, app))).unwrap_or_default();
        let name = request.and_then(|request| request.argument.as_deref());
        let name = name.map(|name| safe(&masks.text(number, Place::Name, name))).unwrap_or_default();
        self.open(number, from, key, asked, &joined(&[&what, &app, &name]))
    }

    fn open(
        &mut self,
        number: u32,
        from: Side,
        key: (usize, u32),
        asked: Option<u64>,
        what: &str,
    ) -> io::Result<Option<(usize, u32)>> {
        if self.begun >= self.limits.extracted_streams as u64 {
            self.missed += 1;
            return Ok(None);
        }
        if self.open >= self.limits.extracted_open {
            self.end_idle()?;
        }
        let Some(session) = self.sessions.get_mut(&number) else { return Ok(None) };
        self.begun += 1;
        session.streams += 1;
        let base = joined(&[&format!("session-{number}-{}", session.streams), what]);
        let file = match self.output {
            Output::Flv { rebase } => File::Flv(Flv::begin(format!("{base}.flv"), rebase, &mut self.shelf)?),
            Output::Media => File::Media(Tracks::new(base.clone())),
        };
        let mut stream = Stream {
            asked,
            notes: Notes::new(&base, self.output.name()),
            base,
            file,
            used: self.clock,
            at: Moment::default(),
            ended: Ended::default(),
            is_untimed: false,
        };
        for note in session.early[from.index()].drain(..) {
            stream.notes.put(number, &note, None, &mut self.shelf)?;
        }
        session.open.insert(key, stream);
        self.open += 1;
        Ok(Some(key))
    }

    /// Whether something was said of what is written of it.
    fn item(&mut self, number: u32, key: (usize, u32), from: Side, item: &Item<'_>) -> io::Result<bool> {
        self.clock += 1;
        let Some(stream) = self.sessions.get_mut(&number).and_then(|session| session.open.get_mut(&key)) else {
            return Ok(false);
        };
        (stream.used, stream.at) = (self.clock, item.at);
        let before = stream.file.held();
        let left = (self.limits.extracted_streams as u64).saturating_sub(self.begun);
        let (mut troubles, mut backs) = (Vec::new(), Vec::new());
        match &mut stream.file {
            File::Flv(flv) => flv.put(item, &mut self.shelf, &mut troubles, &mut backs)?,
            File::Media(tracks) => {
                tracks.left = left;
                tracks.put(item, &mut self.shelf, &mut troubles, &mut backs, &mut stream.ended)?;
                self.begun += left - tracks.left;
            }
        }
        self.held = self.held + stream.file.held() - before;
        if self.held > self.limits.extracted_bytes
            && let File::Flv(flv) = &mut stream.file
        {
            let waiting = flv.held();
            flv.settle(&mut self.shelf)?;
            self.held -= waiting;
        }
        let is_told = !troubles.is_empty();
        if item.time.is_none() && !std::mem::replace(&mut stream.is_untimed, true) {
            troubles.push("the capture does not tell its time: it goes on from the one before".to_owned());
        }
        let troubles = troubles.into_iter().map(|text| ("problem", text));
        for (event, text) in troubles.chain(backs.into_iter().map(|text| ("backwards", text))) {
            let n = Some(item.n);
            self.tell(number, key, Note { n, ..note(event, from, item.at, text) })?;
        }
        Ok(is_told)
    }

    fn ftl(&mut self, message: &ftl::Message, story: &Story) -> io::Result<()> {
        let ftl::Body::Datagram(datagram) = &message.body else { return Ok(()) };
        let item = &datagram.item;
        if item.frames.is_empty() || matches!(self.output, Output::Flv { .. }) {
            return Ok(());
        }
        let number = message.session;
        let Some(session) = self.sessions.get(&number) else { return Ok(()) };
        let key = (item.from.index(), FTL_STREAM);
        if !session.open.contains_key(&key) && self.open(number, item.from, key, None, session.protocol)?.is_none() {
            return Ok(());
        }
        self.clock += 1;
        let sources = story.ftl.as_ref().map(|ftl| &ftl.sources[..]).unwrap_or_default();
        for frame in &item.frames {
            let source = sources.iter().find(|source| source.ssrc == frame.ssrc && source.from == item.from);
            let codec = source.and_then(|source| source.codec);
            let session = self.sessions.get_mut(&number);
            let Some(stream) = session.and_then(|session| session.open.get_mut(&key)) else { return Ok(()) };
            let mut troubles = Vec::new();
            (stream.used, stream.at) = (self.clock, frame.last);
            if let File::Media(tracks) = &mut stream.file {
                let (before, left) = (tracks.held(), (self.limits.extracted_streams as u64).saturating_sub(self.begun));
                tracks.left = left;
                tracks.put_rtp(frame, codec, &mut self.shelf, &mut troubles, &mut stream.ended)?;
                self.begun += left - tracks.left;
                self.held = self.held + tracks.held() - before;
            }
            for text in troubles {
                let n = Some(item.number);
                self.tell(number, key, Note { n, ..note("problem", item.from, frame.last, text) })?;
            }
        }
        self.relieve(number, key)
    }

    /// Ends a stream where more waits in all of them than may.
    fn relieve(&mut self, number: u32, key: (usize, u32)) -> io::Result<()> {
        if self.held <= self.limits.extracted_bytes {
            return Ok(());
        }
        let text = "too much waits to be written: what follows of this stream is in another file";
        self.end_early(number, key, text.to_owned())
    }

    fn incomplete(&mut self, part: &Incomplete) -> io::Result<()> {
        let head = &part.head;
        let is_aggregate = head.kind == crate::proto::rtmp::MessageType::AGGREGATE;
        if !is_aggregate && !item::is_stored(head.kind) {
            return Ok(());
        }
        let kind = head.kind.name().unwrap_or("message");
        let text = format!(
            "{kind} at {} ms is left out, of which {} of {} came: {}",
            head.time_words(),
            part.received,
            count(u64::from(head.length), "byte"),
            part.why.clause()
        );
        let hole = Some((head.offset, u64::from(head.length.saturating_sub(part.received))));
        let note = Note { hole, ..note("incomplete", part.from, head.last, text) };
        let key = (part.from.index(), head.message_stream_id);
        let is_open = self.sessions.get(&part.session).is_some_and(|session| session.open.contains_key(&key));
        if is_open { self.tell(part.session, key, note) } else { self.note(part.session, note) }
    }

    /// Tells all open streams of a side; where there is none, the next one.
    fn note(&mut self, number: u32, note: Note) -> io::Result<()> {
        let Some(session) = self.sessions.get_mut(&number) else { return Ok(()) };
        let Some(side) = note.from.map(Side::index) else { return Ok(()) };
        let keys: Vec<(usize, u32)> = session.open.keys().copied().filter(|(of, _)| *of == side).collect();
        if keys.is_empty() && session.early[side].len() < EARLY {
            session.early[side].push(note);
            return Ok(());
        }
        keys.into_iter().try_for_each(|key| self.tell(number, key, note.clone()))
    }

    /// Tells one open stream.
    #[allow(clippy::needless_pass_by_value)]
    fn tell(&mut self, number: u32, key: (usize, u32), note: Note) -> io::Result<()> {
        let session = self.sessions.get_mut(&number);
        let Some(stream) = session.and_then(|session| session.open.get_mut(&key)) else { return Ok(()) };
        let timestamp = stream.file.timestamp();
        stream.notes.put(number, &note, timestamp, &mut self.shelf)
    }

    fn close(&mut self, close: &Close) -> io::Result<()> {
        let text = match close.how {
            How::Fin => None,
            How::Rst => Some("the connection was reset"),
            How::Timeout => Some("nothing more was captured for so long that it is taken for over"),
            How::EndOfCapture => Some("what was read of the capture ends before the connection does"),
        };
        if let Some(text) = text {
            self.note(close.session, note("close", close.from, close.at, text.to_owned()))?;
        }
        for (side, frame) in &close.frames {
            let text = "a frame of which packets are missing at the end is left out".to_owned();
            self.tell(close.session, (side.index(), FTL_STREAM), note("incomplete", *side, frame.last, text))?;
        }
        if close.last { self.end(close.session) } else { Ok(()) }
    }

    /// Ends a session's streams.
    fn end(&mut self, number: u32) -> io::Result<()> {
        let keys = self.sessions.get(&number).map(|session| session.open.keys().copied().collect::<Vec<_>>());
        keys.unwrap_or_default().into_iter().try_for_each(|key| self.end_stream(number, key))?;
        self.sessions.remove(&number);
        Ok(())
    }

    /// Ends the stream that had nothing for longest.
    fn end_idle(&mut self) -> io::Result<()> {
        let streams = self
            .sessions
            .iter()
            .flat_map(|(number, session)| session.open.iter().map(|(key, stream)| (stream.used, *number, *key)));
        let Some((_, number, key)) = streams.min() else { return Ok(()) };
        let most = self.limits.extracted_open;
        let text = format!("more than {most} streams are open at once: what follows of this one is in another file");
        self.end_early(number, key, text)
    }

    /// Ends a stream that goes on, and says why.
    fn end_early(&mut self, number: u32, key: (usize, u32), text: String) -> io::Result<()> {
        let at = self.sessions.get(&number).and_then(|session| session.open.get(&key)).map(|stream| stream.at);
        let side = if key.0 == Side::Client.index() { Side::Client } else { Side::Server };
        self.tell(number, key, note("limit", side, at.unwrap_or_default(), text))?;
        self.end_stream(number, key)
    }

    fn end_stream(&mut self, number: u32, key: (usize, u32)) -> io::Result<()> {
        let Some(session) = self.sessions.get_mut(&number) else { return Ok(()) };
        let protocol = session.protocol;
        let Some(mut stream) = session.open.remove(&key) else { return Ok(()) };
        self.open -= 1;
        self.held -= stream.file.held();
        let mut flv = None;
        let why = match stream.file {
            File::Flv(file) => {
                let (name, counts) = file.finish(&mut self.shelf)?;
                flv = name.map(|name| (name, counts));
                flv.is_none().then_some("it has no audio and no video")
            }
            File::Media(tracks) => {
                tracks.finish(&mut self.shelf, &mut stream.ended)?;
                let Ended { written, left_out } = &stream.ended;
                (written.is_empty() && left_out.is_empty()).then_some("it has no frame of audio or video")
            }
        };
        let nothing = why.map(|why| (stream.base, why));
        let notes = if nothing.is_some() {
            stream.notes.abandon(&mut self.shelf);
            None
        } else {
            stream.notes.finish(&mut self.shelf)?
        };
        let Ended { written: elementary, left_out } = stream.ended;
        let session_left_out = None;
        self.done.push(Made { session: number, protocol, flv, elementary, left_out, notes, nothing, session_left_out });
        Ok(())
    }
}

fn note(event: &'static str, from: Side, at: Moment, text: String) -> Note {
    Note { event, from: Some(from), at, n: None, hole: None, text }
}
