//! A filter: parsed, printed, read again, and asked of events. The bytes are its text.

use std::sync::OnceLock;

use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::filter::{Filter, Scratch, SessionFacts, Sessions, Subject, complete, tokens};
use rtmp_inspect::proto::Event;
use rtmp_inspect::rules::{Engine, Finding};
use rtmp_inspect::synth::{Link, sample, transform};
use rtmp_inspect::wire::Time;

use crate::common::Story;

/// An event with what belongs to it.
struct Asked {
    event: Event,
    findings: Vec<Finding>,
    session: Option<SessionFacts>,
}

/// Some events of every kind.
fn asked() -> &'static [Asked] {
    static ASKED: OnceLock<Vec<Asked>> = OnceLock::new();
    ASKED.get_or_init(|| {
        let link = Link::v4().mtu(600);
        let whole = link.packets(&sample::publish(2));
        let lossy = transform::drop_packets(&link.client_port(50_001).packets(&sample::play(12)), &[30, 31]);
        let mut sessions = Sessions::default();
        let mut engine = Engine::default();
        let ask = |event: Event| {
            sessions.observe(&event);
            let session = sessions.get(event.session()).cloned();
            Asked { findings: engine.observe(&event), session, event }
        };
        Story::of_packets(&transform::merge([whole, lossy])).events.into_iter().map(ask).collect()
    })
}

/// Which of the events it wants.
fn wanted(filter: &Filter) -> Vec<bool> {
    let mut scratch = Scratch::new(&Limits::default());
    let wants = |Asked { event, findings, session }: &Asked| {
        let subject = Subject { event, findings, session: session.as_ref(), start: Time(0) };
        filter.matches(&subject, &mut scratch)
    };
    asked().iter().map(wants).collect()
}

pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Filter::parse(text) {
        Ok(filter) => {
            let printed = filter.to_string();
            let again = Filter::parse(&printed).unwrap_or_else(|error| panic!("{text:?} is printed as none\n{error}"));
            assert_eq!(again.to_string(), printed);
            assert_eq!(wanted(&again), wanted(&filter), "{printed}");
        }
        Err(error) => {
            assert!(text.get(error.span.clone()).is_some(), "{:?} of {text:?}", error.span);
            assert!(!error.to_string().contains(|c: char| c.is_control() && c != '\n'), "{error}");
            drop(error.sentence());
        }
    }
    let mut at = 0;
    let mut cursors = vec![0, text.len()];
    for token in tokens(text) {
        assert!(at <= token.span.start && text.get(token.span.clone()).is_some(), "{token:?}");
        at = token.span.end;
        cursors.extend([at - 1, at]);
    }
    for cursor in cursors.into_iter().rev().take(8) {
        for suggestion in complete(text, cursor) {
            assert!(text.get(suggestion.replaces.clone()).is_some(), "{suggestion:?} at {cursor} of {text:?}");
        }
    }
}
