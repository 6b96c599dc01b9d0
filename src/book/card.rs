//! What a session's story says of it in a list: how it stands or came out, what it is for, and who made it.
//!
//! The reading side has the stories. It makes a session's card anew when something came that may change it, which of media only few
//! messages do, and hands it over where it is another one than before.

use crate::limits::Limits;
use crate::net::How;
use crate::proto::Event;
use crate::proto::rtmp::MessageType;
use crate::proto::rtmp::secrets::may_be_text;
use crate::story::{Course, Refusal, Request, Standing, Story, Use};
use crate::wire::words::clip_bytes;
use crate::wire::{IdMap, Sentence, Side};

/// Messages of media of a session that are all looked at; of later ones those are whose number is a power of two.
const FIRST_MEDIA: u64 = 16;
/// Codecs that are named.
const CODECS: usize = 8;
/// Bytes of what a program calls itself.
const NAME: usize = Limits::DEFAULT.stats_encoder_bytes;

/// What an outcome means to whom it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// The server did not grant what was asked for.
    Refused,
    /// It ended before it was through.
    Broken,
    /// What it is about cannot be read.
    Dark,
    /// Nothing came of it yet.
    Begun,
    /// Media runs, or ran to its end.
    Well,
}

/// What a session's story says of it. Texts are as they were on the wire: the book masks them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    pub(super) session: u32,
    pub(super) outcome: Sentence,
    pub(super) fate: Fate,
    pub(super) role: &'static str,
    /// The message that decides: the answer that refuses, or the call to which there is none.
    pub(super) decides: Option<u64>,
    pub(super) app: Option<String>,
    pub(super) stream: Option<String>,
    /// What the client's side calls itself, and the server's.
    pub(super) software: [Option<String>; 2],
    pub(super) codecs: Vec<String>,
}

impl Card {
    /// Bytes of memory that it takes, about.
    pub(super) fn cost(&self) -> usize {
        let texts = [&self.app, &self.stream].into_iter().chain(&self.software).flatten().chain(&self.codecs);
        size_of::<Card>() + self.outcome.len() + texts.map(|text| text.len() + 24).sum::<usize>()
    }

    fn of(session: u32, story: &Story) -> Card {
        let standing = story.standing();
        let used = story.requests.uses().rev().find(|request| request.from == Side::Client);
        let connect = story.connect.as_ref();
        let short = |text: &String| clip_bytes(text.clone(), NAME);
        Card {
            session,
            fate: fate(&standing),
            role: role(&standing.course, used),
            decides: standing.course.n().or_else(|| without_answer(&standing.course, used, story)),
            outcome: standing.phrase(),
            app: connect.and_then(|connect| connect.app.as_ref()).map(short),
            stream: used.and_then(|request| request.argument.as_ref()).map(short),
            software: [of_client(story), of_server(story)],
            codecs: codecs(story),
        }
    }
}

fn fate(standing: &Standing) -> Fate {
    let is_cut = standing.ending.is_some_and(|ending| ending.how != How::EndOfCapture);
    match &standing.course {
        Course::Rejected(_) => Fate::Refused,
        Course::Encrypted | Course::Undecodable => Fate::Dark,
        Course::Finished(_) => Fate::Well,
        _ if is_cut => Fate::Broken,
        Course::Publishing | Course::Playing => Fate::Well,
        Course::Handshaking | Course::Connecting | Course::Connected | Course::Asking(_) => Fate::Begun,
    }
}

fn role(course: &Course, used: Option<&Request>) -> &'static str {
    let used = match course {
        Course::Publishing | Course::Finished(Use::Publish) | Course::Asking(Use::Publish) => Some(Use::Publish),
        Course::Playing | Course::Finished(Use::Play) | Course::Asking(Use::Play) => Some(Use::Play),
        _ => used.and_then(Request::purpose),
    };
    match used {
        Some(Use::Publish) => "publisher",
        Some(Use::Play) => "player",
        None => "",
    }
}

/// What the server hung up on.
fn without_answer(course: &Course, used: Option<&Request>, story: &Story) -> Option<u64> {
    let Course::Rejected(rejection) = course else { return None };
    if !matches!(rejection.how, Refusal::Silence | Refusal::NoMedia) {
        return None;
    }
    if let Some(ftl) = &story.ftl {
        return ftl.requests.iter().rev().find(|command| command.reply.is_none()).map(|command| command.n);
    }
    let waiting = || story.requests.waiting().find(|request| is_owed(request)).map(|request| request.n);
    used.map(|request| request.n).or_else(waiting).or_else(|| story.connect.as_ref().map(|connect| connect.n))
}

fn is_owed(request: &Request) -> bool {
    request.from == Side::Client && !request.is_courtesy()
}

fn of_client(story: &Story) -> Option<String> {
    if let Some(ftl) = &story.ftl {
        let attributes = &ftl.state.attributes;
        let version = attributes.vendor_version.as_deref().unwrap_or_default();
        let name = attributes.vendor_name.as_deref()?;
        return Some(clip_bytes(format!("{name} {version}").trim().to_owned(), NAME));
    }
    let encoder = story.tracks.all_metadata().filter(|said| said.from == Side::Client);
    let encoder = encoder.filter_map(|said| said.encoder.as_ref()).last();
    let flash = || story.connect.as_ref()?.flash_ver.as_ref();
    encoder.or_else(flash).map(|text| clip_bytes(text.clone(), NAME))
}

fn of_server(story: &Story) -> Option<String> {
    story.connect.as_ref()?.answer.as_ref()?.software.as_ref().map(|text| clip_bytes(text.clone(), NAME))
}

fn codecs(story: &Story) -> Vec<String> {
    let mut codecs: Vec<String> = Vec::new();
    let mut add = |codec: &str| {
        if codecs.len() < CODECS && !codecs.iter().any(|known| known == codec) {
            codecs.push(clip_bytes(codec.to_owned(), 16));
        }
    };
    if let Some(ftl) = &story.ftl {
        let attributes = &ftl.state.attributes;
        [&attributes.video.codec, &attributes.audio.codec].into_iter().flatten().for_each(|codec| add(codec));
    }
    // Pictures first, as everywhere.
    for kind in [MessageType::VIDEO, MessageType::AUDIO] {
        let tracks = (0..).map_while(|place| story.tracks.at(place)).filter(|track| track.kind == kind);
        tracks.filter_map(|track| track.codec).for_each(&mut add);
    }
    codecs
}

/// The cards of sessions that are not over, as they were handed over last.
#[derive(Debug, Default)]
pub(super) struct Cards {
    known: IdMap<u32, Known>,
}

#[derive(Debug, Default)]
struct Known {
    card: Option<Card>,
    /// Messages of media so far.
    media: u64,
}

impl Cards {
    /// The card of the event's session, where it is another one than before.
    pub(super) fn of(&mut self, event: &Event, story: &Story) -> Option<Card> {
        if matches!(event, Event::Piece(_) | Event::Resync(_) | Event::Flow(_) | Event::Tunnel(_)) {
            return None;
        }
        let session = event.session();
        let known = self.known.entry(session).or_default();
        let is_media = match event {
            Event::Message(message) => {
                let kind = message.head.kind;
                if !may_be_text(kind) && !is_media(kind) && kind != MessageType::USER_CONTROL {
                    return None;
                }
                is_media(kind)
            }
            Event::Ftl(message) => message.offset().is_none(),
            _ => false,
        };
        known.media += u64::from(is_media);
        // What is told no more did not begin anew.
        let may_differ =
            !story.is_given_up && (!is_media || known.media <= FIRST_MEDIA || known.media.is_power_of_two());
        let card = may_differ.then(|| Card::of(session, story)).filter(|card| known.card.as_ref() != Some(card));
        if matches!(event, Event::Close(close) if close.last) {
            self.known.remove(&session);
        } else if card.is_some() {
            known.card.clone_from(&card);
        }
        card
    }
}

fn is_media(kind: MessageType) -> bool {
    matches!(kind, MessageType::AUDIO | MessageType::VIDEO | MessageType::AGGREGATE)
}
