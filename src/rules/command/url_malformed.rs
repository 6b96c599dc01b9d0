use std::borrow::Cow;

use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, place, rule};
use crate::wire::{Origin, Side, told, told_as};

rule! {
    /// `tcUrl` is the address that the client was given: scheme, host, port, application. This one cannot be taken apart so, or
    /// the application in it is another one than `app` says. What may stand behind either is no fault: a query, an instance,
    /// the stream's name, a slash.
    ///
    /// Why: SRS finds the virtual host and the application by `tcUrl` and closes the connection where it cannot; nginx-rtmp goes by
    /// `app`. So two servers take the same client for two different ones.
    ///
    /// Seen: addresses that were put together from parts, with a slash missing between the port and the application.
    ///
    /// Change: write `rtmp://host:port/app`, an IPv6 address in brackets, what is reserved percent-encoded; send as `app` what stands
    /// in it.
    pub(super) struct UrlMalformed {}
    "CMD034", "url-malformed", Warning, "RTMP 1.0 §7.2.1.1, RFC 3986 §3", rests: Event, media: false
}

impl Rule for UrlMalformed {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        let Some(object) = command.object.as_ref().filter(|_| command.name == "connect") else { return };
        let text = |name: &str| object.member(name).and_then(|value| value.text()).filter(|text| !text.is_empty());
        // One that is missing is another rule's.
        let Some(url) = text("tcUrl").filter(|_| message.from == Side::Client) else { return };
        let fault = match Url::of(url) {
            Err(fault) => fault,
            Ok(url) => match text("app") {
                Some(app) if !url.is_for(app) => {
                    // What stands in the address may be a key.
                    let app = app.split('?').next().unwrap_or(app);
                    format!("its application is not \"{}\", which app names", told_as(Origin::App, app))
                }
                _ => return,
            },
        };
        findings.about(Self::META, message, format!("the client's tcUrl: {fault}")).mark =
            place::member(message, "tcUrl");
    }
}

/// What an address has behind its host.
struct Url<'u> {
    path: &'u str,
    has_query: bool,
}

impl Url<'_> {
    /// Takes an address apart; says what is wrong where that cannot be done.
    fn of(url: &str) -> Result<Url<'_>, String> {
        let Some((scheme, rest)) = url.split_once("://") else { return Err("it has no scheme".to_owned()) };
        let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        if !scheme.bytes().all(is_scheme) || !scheme.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return Err("it begins with no scheme".to_owned());
        }
        if let Some((at, bad)) = url.char_indices().find(|(_, letter)| letter.is_whitespace() || letter.is_control()) {
            let what = if bad == ' ' { "a space" } else { "white space or a control character" };
            return Err(format!("it has {what} at byte {at}"));
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if path.starts_with('/')
            && !authority.contains('@')
            && path.split(['?', '#']).next().unwrap_or("").contains('@')
        {
            // What stands there is a part of a password: nothing of it is told.
            return Err("its host is not where it should be: a slash stands in front of an @".to_owned());
        }
        let (host, port) = match authority.rsplit_once('@') {
            // A password may be what looks like a port.
            Some((_, host)) => split(host).map_err(|_| "its host or port cannot be read".to_owned())?,
            None => split(authority)?,
        };
        if host.is_empty() {
            return Err("it has no host".to_owned());
        }
        if let Some(port) = port.filter(|port| !port.is_empty())
            && !port.parse::<u16>().is_ok_and(|number| number > 0 && port.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(format!("its port is \"{}\", which is no port number", told(port)));
        }
        let has_query = path.contains(['?', '#']);
        Ok(Url { path, has_query })
    }

    /// Whether it can be that of an application. One of both may name more than the other, in front or behind.
    fn is_for(&self, app: &str) -> bool {
        let (path, app) = (application(self.path), application(app));
        let (path, app): (Vec<_>, Vec<_>) = (segments(&path).collect(), segments(&app).collect());
        if app.is_empty() || path.is_empty() {
            // `rtmp://edge/?rtmp://origin/app` is a proxy's form.
            return app.is_empty() || self.has_query;
        }
        let (short, long) = if path.len() < app.len() { (path, app) } else { (app, path) };
        long.starts_with(&short) || long.ends_with(&short)
    }
}

/// Host and port.
fn split(authority: &str) -> Result<(&str, Option<&str>), String> {
    if let Some(rest) = authority.strip_prefix('[') {
        let Some((host, rest)) = rest.split_once(']') else { return Err("its [ is never closed".to_owned()) };
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err("something stands between its host and its port".to_owned()),
        };
    }
    match authority.split_once(':') {
        Some((_, port)) if port.contains(':') => Err("its host has colons and no brackets".to_owned()),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((authority, None)),
    }
}

/// A path without its query, which SRS also writes behind three dots, and without percent-encoding.
fn application(path: &str) -> Cow<'_, str> {
    let decoded = decoded(path);
    let end = decoded.find(['?', '#']).into_iter().chain(decoded.find("...")).min();
    match (decoded, end) {
        (decoded, None) => decoded,
        (decoded, Some(end)) => Cow::Owned(decoded[..end].to_owned()),
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// What percent-encoding stands for; what is none stays as it is.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let digit = |at: usize| behind.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (first, digit(0), digit(1)) {
            bytes.push((high << 4 | low) as u8);
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}
