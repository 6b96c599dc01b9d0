use super::of_track;
use crate::limits::Limits;
use crate::net::How;
use crate::proto::Close;
use crate::proto::rtmp::{Body, Message, MessageType, is_media};
use crate::rules::{Findings, Quote, Rule, Story, rule};
use crate::story::{Step, Stream, Track, Use};
use crate::wire::told;
use crate::wire::words::seconds;
use crate::wire::{Moment, Side, Time};

/// Silence that is worth a word, in ns.
const SILENCE: i64 = 5_000_000_000;
/// A track runs when so many of its steps in a row are no longer than that.
const RUN: i64 = 4;
/// How many times as long as a usual step of a track a silence is.
const UNUSUAL: i64 = 3;
/// A step of a clock that is a jump, in ms: it says nothing of what a receiver still has to play.
const JUMP: i64 = 10_000;
/// Tracks that are watched, and silences that are kept until the end.
const REMEMBERED: usize = Limits::DEFAULT.judged_tracks;

rule! {
    /// A stream that was running had no media for more than 5 s, or one of its tracks had none while the others went on, before
    /// it went on or until its end, however that came. Commands on the stream (pause, seek, a new play) begin the count anew. A
    /// track that never ran faster is not silent between two of its frames, and what was sent ahead of its timestamps lasts so
    /// much longer.
    ///
    /// Why: viewers run out of buffer; servers drop idle publishers. The finding says which side went silent, and where the
    /// receiver had closed its TCP window, that this is the reason.
    ///
    /// Seen: encoders that were suspended or lost their source; servers whose publisher was gone; players that do not read.
    ///
    /// Change: look at the side that is named; a server tells its players `Stream EOF` or `UnpublishNotify`.
    pub(super) struct MediaStalled {
        running: Vec<Running>,
        stalls: Vec<Stall>,
    }
    "MED011", "media-stalled", Note, "RTMP 1.0 §7.1.7", rests: Session
}

/// A sender and a message stream.
type Place = (Side, u32);

/// How a track goes, since its clock was set anew.
struct Running {
    place: Place,
    kind: MessageType,
    id: u8,
    turn: u32,
    /// Steps in a row that were no silence, and their length together in ns.
    steps: i64,
    length: i64,
    /// How far its timestamps are ahead of their arrival, in ns.
    ahead: i64,
}

/// A silence. What TCP did meanwhile is known at the end.
struct Stall {
    place: Place,
    /// The track that was silent alone; none where all were.
    track: Option<Alone>,
    from: Moment,
    until: Moment,
    end: End,
}

/// A track that was silent, by name, and what went on beside it.
struct Alone {
    track: String,
    beside: &'static str,
}

/// What ended a silence.
enum End {
    /// Media.
    Media(Quote),
    /// A command.
    Command(String),
    /// The session's end.
    Close,
}

impl Rule for MediaStalled {
    fn held(&self) -> usize {
        let cost = |stall: &Stall| {
            let end = match &stall.end {
                End::Media(quote) => quote.cost(),
                End::Command(name) => name.len(),
                End::Close => 0,
            };
            size_of::<Stall>() + stall.track.as_ref().map_or(0, |alone| alone.track.len()) + end
        };
        self.running.len() * size_of::<Running>() + self.stalls.iter().map(cost).sum::<usize>()
    }

    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        if let Body::Command(command) = &message.body {
            for stream in story.streams.ended_by(message) {
                let end = || End::Command(command.name.clone());
                self.end(story, stream, message.head.last, end, findings);
            }
        }
        if !is_media(message) {
            return;
        }
        story.tracks.steps(message, |step| self.step(message, story, &step, findings));
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if !close.last {
            return;
        }
        for stream in story.streams.iter().filter(|stream| stream.ended.is_none()) {
            let Some(from) = sender(stream) else { continue };
            self.end(story, stream, stopped(story, close, from), || End::Close, findings);
        }
        for stall in self.stalls.drain(..) {
            let receiver = stall.place.0.other();
            stall.say(story.window_closed(receiver, close), findings);
        }
    }
}

impl MediaStalled {
    /// A track went on.
    fn step(&mut self, message: &Message, story: &Story, step: &Step, findings: &mut Findings) {
        let place = (message.from, message.head.message_stream_id);
        let Some(track) = story.tracks.get(place.0, place.1, step.kind, step.track) else { return };
        let known = self.running.iter().position(|it| it.is(place, track));
        let at = match known {
            Some(at) => at,
            None if self.running.len() == REMEMBERED => return,
            None => {
                self.running.push(Running::new(place, track));
                self.running.len() - 1
            }
        };
        if self.running[at].turn != track.turn {
            self.running[at] = Running::new(place, track);
        }
        let [from, until] = step.times;
        if until.time.since(from.time) > SILENCE {
            let end = || End::Media(Quote::of(message));
            if let Some(last) = self.all_silent(story, place, until) {
                self.keep(Stall { place, track: None, from: last, until, end: end() }, findings);
            }
            let whole = self.stalls.iter().rfind(|stall| stall.place == place && stall.track.is_none());
            let own = until.time.since(from.time) - whole.map_or(0, |whole| overlap(whole, from.time, until.time));
            if own > SILENCE && self.running[at].is_silent(own) {
                let track = Some(alone(story, place, track, from));
                self.keep(Stall { place, track, from, until, end: end() }, findings);
            }
        }
        self.running[at].learn(step);
    }

    /// When the last media of a running stream came, where that is too long ago.
    fn all_silent(&self, story: &Story, place: Place, now: Moment) -> Option<Moment> {
        let last = last(story, place)?;
        let silence = now.time.since(last.time);
        let is_running = |it: &Running| it.is_of(story, place) && it.is_silent(silence);
        (silence > SILENCE && self.running.iter().any(is_running)).then_some(last)
    }

    /// A stream ends.
    fn end(&mut self, story: &Story, stream: &Stream, at: Moment, end: impl Fn() -> End, findings: &mut Findings) {
        let Some(from) = sender(stream) else { return };
        // Some servers send a player its media on message stream 0.
        for place in [(from, stream.id), (from, 0)] {
            let Some(last) = last(story, place) else { continue };
            if let Some(last) = self.all_silent(story, place, at) {
                self.keep(Stall { place, track: None, from: last, until: at, end: end() }, findings);
            }
            let silent = self.running.iter().filter(|it| it.is_of(story, place)).filter_map(|it| {
                let track = story.tracks.get(place.0, place.1, it.kind, it.id)?;
                let own = last.time.since(track.last.time);
                (own > SILENCE && it.is_silent(own)).then_some(track)
            });
            let silent: Vec<_> = silent.map(|track| (track.last, alone(story, place, track, track.last))).collect();
            for (from, track) in silent {
                self.keep(Stall { place, track: Some(track), from, until: at, end: end() }, findings);
            }
            self.running.retain(|it| it.place != place);
        }
    }

    /// Keeps a silence until it is known what TCP did meanwhile; where that are too many, it is said without.
    fn keep(&mut self, stall: Stall, findings: &mut Findings) {
        if self.stalls.len() < REMEMBERED {
            self.stalls.push(stall);
        } else {
            stall.say(None, findings);
        }
    }
}

impl Running {
    fn new(place: Place, track: &Track) -> Running {
        Running { place, kind: track.kind, id: track.id, turn: track.turn, steps: 0, length: 0, ahead: 0 }
    }

    fn is(&self, place: Place, track: &Track) -> bool {
        (self.place, self.kind, self.id) == (place, track.kind, track.id)
    }

    /// Whether it is a track of this sender and stream, whose clock was not set anew since its last step.
    fn is_of(&self, story: &Story, place: Place) -> bool {
        let track = || story.tracks.get(place.0, place.1, self.kind, self.id);
        self.place == place && track().is_some_and(|track| track.turn == self.turn)
    }

    /// Whether so many nanoseconds without it are unusual, and more than a receiver has left to play.
    fn is_silent(&self, ns: i64) -> bool {
        self.steps >= RUN && ns > UNUSUAL * (self.length / self.steps) && ns > self.ahead
    }

    fn learn(&mut self, step: &Step) {
        let wall = step.times[1].time.since(step.times[0].time);
        let media = Some(step.media()).filter(|ms| (0..=JUMP).contains(ms)).map(|ms| ms * 1_000_000);
        let length = wall.max(media.unwrap_or(0));
        if length > SILENCE {
            (self.steps, self.length) = (0, 0);
        } else {
            self.steps += 1;
            self.length = self.length.saturating_add(length.max(0));
        }
        self.ahead = self.ahead.saturating_add(media.unwrap_or(wall)).saturating_sub(wall).max(0);
    }
}

/// Who sends the media of a stream.
fn sender(stream: &Stream) -> Option<Side> {
    Some(if stream.purpose? == Use::Publish { Side::Client } else { Side::Server })
}

/// When a side stopped, at the session's last close: when it ended its direction, or else when the session ended.
fn stopped(story: &Story, close: &Close, side: Side) -> Moment {
    let known = story.of(side);
    let own = if side == close.from { Some((close.how, close.at)) } else { known.closed.zip(known.closed_at) };
    match own {
        Some((How::Fin | How::Rst, at)) => at,
        _ => story.ending(close).at,
    }
}

/// When the last frame of a sender on a message stream came.
fn last(story: &Story, place: Place) -> Option<Moment> {
    story.tracks.of(place.0, place.1).map(|track| track.last).max_by_key(|last| last.time)
}

/// How much of the time between two moments lies in a silence, in ns.
fn overlap(stall: &Stall, from: Time, until: Time) -> i64 {
    until.min(stall.until.time).since(from.max(stall.from.time)).max(0)
}

/// A track that was silent alone since this moment.
fn alone(story: &Story, place: Place, track: &Track, since: Moment) -> Alone {
    let went_on = |it: &&Track| it.kind != track.kind && it.last.time > since.time;
    let other = story.tracks.of(place.0, place.1).find(went_on).and_then(|it| it.kind.name());
    Alone { track: of_track(track.kind, track.id), beside: other.unwrap_or("the rest") }
}

impl Stall {
    /// Says it. `closed` is when the receiver closed its TCP window for longest, and for how many ns.
    fn say(self, closed: Option<(Moment, i64)>, findings: &mut Findings) {
        let (sender, stream) = self.place;
        let silence = self.until.time.since(self.from.time);
        let closed = closed.map_or(0, |(from, ns)| overlap(&self, from.time, Time(from.time.0.saturating_add(ns))));
        let what = self.track.as_ref().map_or("media", |alone| &alone.track);
        let (by, length) = (sender.name(), seconds(silence, 1));
        let mut text = format!("no {what} from the {by} for {length} seconds on message stream {stream}");
        if let Some(alone) = &self.track {
            text.push_str(&format!(", while {} went on", alone.beside));
        }
        match &self.end {
            End::Media(_) => {}
            End::Command(name) => text.push_str(&format!(", until {}", told(name))),
            End::Close => text.push_str(", until the end"),
        }
        let receiver = sender.other();
        let is_closed = closed > silence / 2;
        if is_closed {
            let (by, length) = (receiver.name(), seconds(closed, 1));
            text.push_str(&format!(
                "; the TCP window of the {by} was closed for {length} seconds of that: it did not read"
            ));
        }
        let packets = (self.from.packet, self.until.packet);
        let finding = match &self.end {
            End::Media(quote) => findings.about_earlier(MediaStalled::META, quote, packets, text),
            _ => findings.push(MediaStalled::META, Some(sender), text, packets),
        };
        finding.from = Some(if is_closed { receiver } else { sender });
    }
}
