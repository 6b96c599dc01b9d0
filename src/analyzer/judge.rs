//! What a connection is, by its beginning.

use super::carriers::Carrier;
use super::others::FIRST_BLOCK;
use super::others::Met;
use super::{Connection, Content, Fate, State, StreamId};
use crate::net::{Delivery, Start};
use crate::proto::Opened;
use crate::proto::opening::{self, Begin, Found, Match};
use crate::proto::protocols;
use crate::proto::rtmp::detect::{self, Foreign};
use crate::proto::tls::Tls;
use crate::proto::{rtmpe, rtmpt};
use crate::wire::Side;

impl State {
    /// Judges the oldest beginnings by what there is, until all together do not keep too much.
    pub(super) fn make_room(&mut self) {
        while self.opening_bytes > self.limits.opening_bytes_total
            && let Some(oldest) = self.openings.pop_front()
        {
            if let Some(Connection { content: Content::Unknown(_), .. }) = self.live.get(&oldest) {
                self.totals.reached.opening_bytes_total += 1;
                self.judge(oldest, true);
            }
        }
    }

    /// Puts a connection of which something `is_first` kept at the end of those that are not yet known.
    pub(super) fn line_up(&mut self, connection: StreamId, is_first: bool) {
        if !is_first {
            return;
        }
        // Most connections are soon known.
        if self.openings.len() > 4096.max(2 * self.live.len()) {
            let live = &self.live;
            self.openings.retain(|id| matches!(live.get(id), Some(Connection { content: Content::Unknown(_), .. })));
        }
        self.openings.push_back(connection);
    }

    /// Looks whether a connection's beginning says what it is, and if so, replays that beginning to its protocol.
    pub(super) fn judge(&mut self, connection: StreamId, complete: bool) {
        let Some(live) = self.live.get_mut(&connection) else { return };
        let Content::Unknown(opening) = &mut live.content else { return };
        let is_midstream = live.start == Start::Midstream;
        let from_start = opening.joined().map(|joined| !(is_midstream || joined));
        let is_searched = from_start != [true; 2] || !opening.is_whole();
        let limit = if is_searched { self.limits.midstream_opening_bytes } else { self.limits.opening_bytes };
        let complete = complete || opening.is_full(limit);
        if is_searched && !complete && !opening.has_grown() {
            return;
        }
        let seen = opening::Opening {
            client: opening.start_of(Side::Client),
            server: opening.start_of(Side::Server),
            later: opening.later(),
            from_start,
            complete,
        };
        match protocols::detect(&seen) {
            Match::NeedMore => {}
            Match::No => {
                let bytes = opening.bytes();
                // A PROXY header stands before everything else.
                let (skip, proxied) = detect::proxied(seen.client).filter(|_| from_start[0]).unwrap_or_default();
                let seen = opening::Opening { client: &seen.client[skip..], ..seen };
                let foreign = if live.start == Start::Syn { Foreign::of(seen.client) } else { None };
                let answer = Foreign::of(seen.server);
                let joined = if live.start == Start::Syn { None } else { detect::joined_in(&seen) };
                // No server of TLS speaks first: the client's hello is in a hole that is not certain yet.
                let answered = answer.filter(|it| *it == Foreign::Tls && seen.client.is_empty());
                let foreign = foreign.or(joined).or(answered).or(detect::socks(seen.client, seen.server));
                let first = [Side::Client, Side::Server].into_iter().find_map(|side| opening.first_bytes(side));
                let met = Met {
                    foreign,
                    answer,
                    first,
                    from_start: live.start == Start::Syn,
                    bytes,
                    refused: None,
                    cut: false,
                };
                if live.wrapping.rtmpt.is_none() {
                    match rtmpt::detect(&seen) {
                        rtmpt::Match::Yes => {
                            opening.skip(Side::Client, skip);
                            live.wrapping.note_proxied(proxied);
                            return self.tunnel(connection, met);
                        }
                        rtmpt::Match::NeedMore => return,
                        rtmpt::Match::No => {}
                    }
                }
                if foreign == Some(Foreign::Tls) && live.wrapping.tls.is_none() {
                    let tls = Tls::new(&self.limits);
                    opening.skip(Side::Client, skip);
                    live.wrapping.note_proxied(proxied);
                    return self.carry(connection, Carrier::tls(tls, met));
                }
                self.opening_bytes -= opening.cost();
                // Its requests say what it is, when it is over.
                if live.wrapping.is_tunnel() {
                    live.content = Content::Other(None);
                    return;
                }
                // Paths like RTMPT's alone are none of it.
                let foreign = foreign.map(|it| if it == Foreign::Rtmpt { Foreign::Http } else { it });
                let met = Met { foreign, ..met };
                let fate = match foreign {
                    Some(foreign) => Some(Fate::Speaks(Side::Client, foreign)),
                    None if seen.client.is_empty() && from_start[1] => {
                        answer.map(|foreign| Fate::Speaks(Side::Server, foreign))
                    }
                    // With its last close all is said.
                    None if live.open == 1 && live.start == Start::Syn && from_start == [true; 2] => {
                        short_of_rtmp(&seen)
                    }
                    None => None,
                };
                let (client, server) = (live.client, live.server);
                live.content = match fate {
                    Some(Fate::Short(..)) => Content::Over(true),
                    _ => Content::Other(foreign),
                };
                self.met(met, fate, client, server);
            }
            Match::Yes(Found { protocol, proxied, begin }) => {
                if protocol == "rtmpe" && !live.wrapping.rtmpe {
                    match rtmpe::judge(&self.options.keys.rtmpe, seen.client, seen.server, complete) {
                        rtmpe::Verdict::Deciphers(rtmpe) => {
                            self.totals.rtmpe.opened += 1;
                            return self.carry(connection, Carrier::Rtmpe(rtmpe));
                        }
                        rtmpe::Verdict::NeedMore => return,
                        rtmpe::Verdict::No => self.totals.rtmpe.closed += 1,
                        rtmpe::Verdict::Wrong => self.totals.rtmpe.wrong += 1,
                    }
                }
                self.opening_bytes -= opening.cost();
                let (kept, heard) = (opening.take(), opening.heard());
                let decrypted = match protocol {
                    "rtmpe" => Some(live.wrapping.rtmpe),
                    _ => live.wrapping.is_open().then_some(true),
                };
                let opened = live.opened(live.wrapping.protocol(protocol), decrypted, proxied);
                let Opened { client, server, start, .. } = opened;
                let is_deciphered = live.wrapping.rtmpe;
                let number = self.open(opened);
                if let Some(live) = self.live.get_mut(&connection) {
                    live.content = Content::Session(number);
                }
                self.tell_notes(connection, number);
                self.sessions.open(
                    number,
                    begin(&Begin {
                        session: number,
                        start,
                        is_deciphered,
                        stream_keys: &self.options.keys.stream_keys,
                        limits: &self.limits,
                    }),
                );
                for from in Side::BOTH.into_iter().filter(|side| heard[side.index()]) {
                    self.tell(number, client, server, from, &Delivery::Heard);
                }
                // A direction was counted as closed when it was.
                for (from, kept) in kept {
                    self.tell(number, client, server, from, &kept.lend());
                }
            }
        }
    }
}

/// What became of a connection on which too little was said to know a protocol by it.
fn short_of_rtmp(seen: &opening::Opening<'_>) -> Option<Fate> {
    let [sent, answered] = [seen.client, seen.server].map(|bytes| bytes.len() as u64);
    match seen.client.first() {
        Some(version) if matches!(version, 3 | 6) && sent < FIRST_BLOCK => Some(Fate::Short(sent, answered)),
        _ => None,
    }
}
