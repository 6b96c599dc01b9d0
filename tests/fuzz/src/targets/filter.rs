//! A filter: parsed, printed, read again, and asked of events. The bytes are its text.

use std::sync::OnceLock;

use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::filter::{Filter, Scratch, Sessions, Subject, complete, tokens};
use rtmp_inspect::rules::{Engine, Finding};
use rtmp_inspect::synth::{Link, sample, transform};
use rtmp_inspect::wire::Time;

use crate::common::Story;

/// Some events of every kind.
fn story() -> &'static Story {
    static STORY: OnceLock<Story> = OnceLock::new();
    STORY.get_or_init(|| {
        let link = Link::v4().mtu(600);
        let whole = link.packets(&sample::publish(2));
        let lossy = transform::drop_packets(&link.client_port(50_001).packets(&sample::play(12)), &[30, 31]);
        Story::of_packets(&transform::merge([whole, lossy]))
    })
}

/// Which of the events it wants.
fn wanted(filter: &Filter) -> Vec<bool> {
    let mut sessions = Sessions::default();
    let mut engine = Engine::default();
    let mut scratch = Scratch::new(&Limits::default());
    let wants = |event| {
        let findings: Vec<Finding> = engine.observe(event);
        sessions.observe(event);
        let session = sessions.get(event.session());
        let subject = Subject { event, findings: &findings, session, start: Time(0) };
        let wants = filter.matches(&subject, &mut scratch);
        sessions.forget(event);
        wants
    };
    story().events.iter().map(wants).collect()
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
    for token in tokens(text) {
        assert!(at <= token.span.start && text.get(token.span.clone()).is_some(), "{token:?}");
        at = token.span.end;
    }
    for cursor in (0..=text.len()).take(64) {
        for suggestion in complete(text, cursor) {
            drop(format!("{suggestion:?}"));
        }
    }
}
