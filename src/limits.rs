//! Every bound on what the program keeps, in one place.
//!
//! A declared length never allocates by itself. A limit is declared once, with its default, its unit and its reason;
//! `docs/limits.md` is made of that, and the counter that `summary.limits` shows under the limit's name.

/// A limit, as it is declared.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// As the field of [`Limits`], the counter of [`Reached`] and the key in `summary.limits` are called.
    pub name: &'static str,
    pub default: u64,
    pub unit: &'static str,
    /// What it bounds, what happens past it, and why it is what it is.
    pub doc: &'static str,
    /// Why it is not counted when it is reached; empty where it is.
    pub uncounted: &'static str,
}

macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $value:expr, $unit:literal $(, uncounted $why:literal)?;)*) => {
        /// The bounds. See [`Limits::ALL`] for their units.
        #[derive(Clone, Debug)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $name: $type,)*
        }

        impl Limits {
            pub const DEFAULT: Limits = Limits { $($name: $value,)* };

            /// Every limit, in the order of the layers.
            pub const ALL: &'static [Limit] = &[$(Limit {
                name: stringify!($name),
                default: Limits::DEFAULT.$name as u64,
                unit: $unit,
                doc: concat!($($doc, "\n",)+),
                uncounted: concat!("" $(, $why)?),
            },)*];
        }

        /// How often each limit was reached.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Reached {
            $(#[doc = concat!("Of [`Limits::", stringify!($name), "`].")] pub $name: u64,)*
        }

        impl Reached {
            /// Those that were reached, by name.
            pub fn list(&self) -> Vec<(&'static str, u64)> {
                [$((stringify!($name), self.$name),)*].into_iter().filter(|(_, times)| *times > 0).collect()
            }

            /// Counts a limit by its name.
            pub fn count(&mut self, name: &str) {
                match name {
                    $(stringify!($name) => self.$name += 1,)*
                    _ => {}
                }
            }

            /// Adds what was counted elsewhere.
            pub fn add(&mut self, other: &Reached) {
                $(self.$name += other.$name;)*
            }
        }
    };
}

limits! {
    /// The longest record or block of a capture that is read. The largest snap length that tools accept is 256 KiB, and a
    /// key log of a day has some megabytes.
    record_bytes: usize = 16 << 20, "bytes", uncounted "a record that claims more ends the reading with an error";
    /// Interfaces of one pcapng section that are remembered. A section of nothing else must not fill the memory.
    interfaces: usize = 65_536, "interfaces", uncounted "one more ends the reading with an error";
    /// What comments, names and secrets of captures may cost together. Past it they are left out.
    note_bytes: usize = 16 << 20, "bytes";
    /// The farthest that zstd data may look back: all of it is kept while it is decompressed. RFC 8878 wants every reader to
    /// take as much and every writer to need no more; without `--ultra` or `--long` the `zstd` program does not.
    zstd_window: u64 = 8 << 20, "bytes", uncounted "data that needs more is refused with an error";

    /// TCP connections followed at a time. Past it the half-open one idle for longest is closed out (`timeout`), or where these
    /// are less than half of all, the one idle for longest of the others. A quarter as many closed connections are
    /// remembered, so that their late segments do not begin new ones. A session takes 20 KB or more, with what the rules know of it.
    connections: usize = 3072, "connections";
    /// A connection on which nothing was captured for this long is closed out (`timeout`). RTMP peers send media or pings
    /// many times a minute, and servers drop a client that is silent for some minutes; what is silent for an hour is gone,
    /// or its end was missed.
    idle_ns: i64 = 3_600_000_000_000, "ns of capture time";
    /// The same for a connection of which only SYNs and their answers were captured. Linux repeats a SYN after 64 seconds
    /// at the latest, and then gives up.
    half_open_ns: i64 = 120_000_000_000, "ns of capture time";
    /// What is kept of one direction while an earlier segment is missing. Past it the hole is declared a gap. It is a window that
    /// a fast link fills; a larger reorder is a loss.
    reorder_bytes: usize = 1 << 20, "bytes";
    /// Segments of one direction kept while an earlier one is missing. Past it the hole is declared a gap. As many small
    /// segments cost more than their bytes.
    reorder_segments: usize = 4096, "segments";
    /// What is kept of all connections together while earlier segments are missing, with what that costs beside the bytes.
    /// Past it a hole of the connection at hand is declared a gap. Few of many connections miss a segment at a time.
    reorder_bytes_total: usize = 16 << 20, "bytes";
    /// A hole that the receiver has acknowledged was missed by the capture, not by the network. It is declared a gap after
    /// this many further packets of the connection: captures themselves reorder a little.
    acknowledged_hole_packets: u32 = 128, "packets", uncounted "it bounds waiting, not memory; each hole is a gap";
    /// … or after this long: a quiet connection has few packets to count.
    acknowledged_hole_ns: i64 = 3_000_000_000, "ns of capture time", uncounted "it bounds waiting, not memory; each hole is a gap";
    /// UDP flows that are remembered, of those that look like media or were found to be. Past it an old one is forgotten, and
    /// if it may be so one that is no session's.
    flows: usize = 2048, "flows";
    /// What is kept of flows that may be media, together, until a session waits for them or they prove themselves. Past it the flow at
    /// hand is judged by what there is. A stream of 8 Mbit/s has as much in the time between two lines of its control connection.
    flow_bytes_total: usize = 8 << 20, "bytes", uncounted "it bounds waiting: what is not media alone by then is no media";
    /// Tags, labels and tunnels around one packet. Past it the packet is not read. Real networks stack a handful; each more is
    /// work for a hostile packet alone.
    nesting: usize = 16, "headers";
    /// Holes of one direction that are remembered, to tell what fills one late from what is sent again. Past it the oldest is judged by
    /// what is known then. A direction that loses more at a time is hardly readable.
    holes: usize = 64, "holes", uncounted "a hole that is judged early is counted as any other";
    /// Spans of time in which retransmissions of one direction are counted for the plot. Past it two become one. It has as many
    /// columns as a wide terminal has dots.
    resent_spans: usize = 512, "spans", uncounted "nothing is lost: the spans are longer";
    /// Spans of time for which the longest round trip of one direction is kept. Past it two become one.
    trip_spans: usize = 64, "spans", uncounted "nothing is lost: the spans are longer";
    /// IP packets of which not every fragment has come, and whole ones kept to recognise copies. Past it those given out
    /// are forgotten first, then the oldest is given up. Linux keeps as much by bytes alone.
    fragments: usize = 4096, "packets";
    /// What their bytes cost together, with what that costs beside them: as much as Linux keeps
    /// (`net.ipv4.ipfrag_high_thresh`).
    fragment_bytes: usize = 4 << 20, "bytes";
    /// A packet is given up when its first fragment is this old: as long as Linux waits (`net.ipv4.ipfrag_time`). Longer, and
    /// another packet may have the same identification.
    fragment_age_ns: i64 = 30_000_000_000, "ns of capture time";
    /// Fragments of one packet that were cut by a snap length. Past it the packet stays incomplete. It is more than the
    /// smallest MTU makes of the longest packet.
    fragment_cuts: usize = 128, "fragments";

    /// What is kept of one direction while its protocol is not yet known. Past it the connection is not RTMP. A whole RTMP
    /// handshake half is 3073.
    opening_bytes: usize = 4096, "bytes", uncounted "that it is not RTMP is counted among what is not decoded";
    /// The same where the connection's beginning was not captured, or has a hole: a chain of chunk headers must prove what it is.
    midstream_opening_bytes: usize = 64 << 10, "bytes", uncounted "that it is not RTMP is counted among what is not decoded";
    /// What the beginnings of all connections cost together while their protocols are not yet known. Past it the oldest is
    /// judged by what there is. It is room for a hundred connections that were joined in the middle at once.
    opening_bytes_total: usize = 24 << 20, "bytes";
    /// What the secrets of a TLS key log may cost. Past it the oldest sessions are forgotten. It is room for some ninety thousand sessions; a
    /// busy client has some thousand a day.
    key_log_bytes: usize = 64 << 20, "bytes", uncounted "how many sessions were forgotten is said with what came of the key log";
    /// What is kept of one direction's TLS records while the secrets that open them are not there. Past it later records are lost
    /// until the secrets come. A capture's secrets come within seconds of the handshake, and all of RTMP's requests fit.
    tls_waiting_bytes: usize = 256 << 10, "bytes";
    /// The same of all connections together. Past it what waits of the connection at hand is lost. It is room for a hundred that wait at once.
    tls_waiting_bytes_total: usize = 16 << 20, "bytes";
    /// Sessions of RTMPT in one TLS connection that are told what becomes known of it later. Past it the newest are. More than some are no
    /// client's.
    tls_told: usize = 64, "sessions", uncounted "what they were told first stays true";
    /// Holes that are kept of a TLS connection that may become a session by itself. Past it further ones are not told. Nothing inside of it is
    /// read, so a person reads no more of them.
    tls_holes: usize = 64, "holes", uncounted "bytes that are missing count all the same";
    /// The longest TLS handshake message that is read. Past it a message is passed over. Chains of certificates have some
    /// ten kilobytes.
    tls_handshake_bytes: usize = 64 << 10, "bytes";
    /// Ids and tickets by which TLS sessions may go on in other connections. Past it the oldest is forgotten. A server gives one or two a
    /// connection, and most clients log the secret again.
    tls_resumable: usize = 4096, "sessions", uncounted "a session whose secret is not found says so";
    /// What is done in advance to see inside of carriers, all together, beside what the bytes that came pay for: TLS records that are tried to
    /// find out which they are, and RTMPE's key stream over holes, in bytes. Past it more stays closed behind holes. A hole of some megabytes
    /// costs as much.
    carrier_work: u64 = 32 << 20, "bytes", uncounted "it bounds work, not memory";
    /// Servers of which it is remembered that connections to them were refused or not answered, or spoke another protocol. Past it
    /// those without a session are forgotten, and further ones not counted. It is for those who knock at every door.
    attempted_servers: usize = 1024, "servers";
    /// Connections that are no session and are told one by one, those alike counted together, and calls with SRT that are told
    /// apart. Past it further ones are only among what was not understood. A person reads the first ones.
    other_connections: usize = 64, "connections";
    /// Kinds of what was not understood. Past it the packets of further kinds are not counted by kind. Real captures have a
    /// handful.
    unread_reasons: usize = 256, "reasons";
    /// Events that lie ready to be taken. Past it the bytes behind them wait to be decoded: a packet of a megabyte may hold as
    /// many messages.
    ready_events: usize = 4096, "events", uncounted "nothing is lost: what follows is decoded when these are taken";
    /// What the sessions keep together: messages under way, chunk streams, bytes in which chunks are looked for. Past it the
    /// directions that keep most lose it (`undecodable`), until a quarter is free. A thousand usual sessions are in the
    /// middle of a picture each.
    session_bytes_total: usize = 40 << 20, "bytes";

    /// The longest head of a request or a response of HTTP. Past it the bytes are no head, and the next one is looked for. Servers take 8 or
    /// 16 KiB; those of RTMPT have some 200 bytes.
    http_head_bytes: usize = 16 << 10, "bytes", uncounted "the bytes are told as what stands between two messages";
    /// Requests of one connection that wait for their responses. Past it the oldest is told as not answered. Servers of RTMPT allow
    /// some five.
    http_pipelined: usize = 256, "requests";
    /// What a server says on one connection before the request that it answers could be read: that waits behind a hole. Past it the request is taken as
    /// missing. As much as is kept of the other direction meanwhile ([`Limits::reorder_bytes`]).
    http_waiting_bytes: usize = 1 << 20, "bytes";
    /// Sessions of RTMPT that are followed at a time. Past it the one that was silent for longest is closed out (`timeout`). Each has a connection or
    /// more, most of the time.
    tunnels: usize = 3072, "tunnels";
    /// A session of RTMPT that was not ended by its client, and has no connection left, is closed out this long after its last one: clients
    /// that open a connection for each request have none in between.
    tunnel_linger_ns: i64 = 30_000_000_000, "ns of capture time", uncounted "the session's end is that of its last connection";
    /// What is kept of one session of RTMPT to be told with it, until it is known to speak RTMP: requests and further connections. Past it
    /// further ones are not told. It is known with its second request.
    tunnel_notes: usize = 32, "requests";
    /// Requests of one session of RTMPT that are kept until an earlier one, or its answer, is there. Past it the earlier one is given up. Clients
    /// have a handful under way.
    tunnel_requests: usize = 64, "requests";
    /// What the bodies of these cost. Past it the earlier one is given up. A body of RTMPT has some kilobytes.
    tunnel_bytes: usize = 1 << 20, "bytes";
    /// The same of all sessions of RTMPT together. Past it the earlier one of the session at hand is given up.
    tunnel_bytes_total: usize = 16 << 20, "bytes";

    /// Bytes of one direction in which the next chunk is looked for after a hole, or its sender's mistake. Past it half of them
    /// are skipped. Four of the largest common chunks: a chain of headers that proves a place is seldom longer.
    search_bytes: usize = 256 << 10, "bytes";
    /// What is kept of unfinished messages over all chunk streams of one direction, with the places of their chunks. Past
    /// it a message loses its payload (`incomplete`). The longest message has 16 MiB, and two may be under way.
    partial_bytes: usize = 34 << 20, "bytes";
    /// Chunk streams of one direction. Past it the direction is left: what follows of it is not decoded. The protocol allows
    /// 65597; real peers use under ten.
    chunk_streams: usize = 1024, "chunk streams";
    /// Calls without an answer that are remembered per direction. Past it the oldest is forgotten. Clients that number
    /// calls which no server answers make a few in a session.
    pending_calls: usize = 1024, "calls";
    /// AMF values inside one another. Past it the rest of the message is not decoded. Real values nest under ten, and many readers of
    /// JSON take no more than 127 levels: a dictionary is three.
    amf_depth: u16 = 32, "values";
    /// AMF values in one message. Past it the rest of the message is not decoded. Shared objects and playlists have hundreds.
    amf_values: u32 = 65_536, "values";
    /// Text that the AMF values of one message may repeat by reference: each reference is a copy for whoever reads the
    /// value. Past it the rest of the message is not decoded.
    amf_repeated: usize = 1 << 20, "bytes";
    /// Messages inside one aggregate message. Past it the rest of it is not decoded. Media servers put about a hundred there.
    aggregate_messages: usize = 16_384, "messages";
    /// Modifiers (ModEx) in front of one media message. Past it the rest of the message is not decoded. One is in use.
    modifiers: u32 = 32, "modifiers", uncounted "the message's problem says so";
    /// Tracks in one media message. Past it the rest of the message is not decoded. There are as many ids.
    tracks: u32 = 256, "tracks", uncounted "the message's problem says so";
    /// NAL units, or OBUs, that are listed of one frame. Past it they are only counted. Real frames have a few, one a slice.
    listed_units: u32 = 64, "units", uncounted "a field says how many more there are";
    /// Stream names and other secrets that are remembered of one session to be masked. Past it all text of the session's
    /// messages is masked. A publisher names its stream three or four times.
    secrets: usize = 64, "secrets";
    /// Bytes of these secrets together. Past it all text of the session's messages is masked.
    secret_bytes: usize = 16 << 10, "bytes";
    /// Secrets of a run that have a tag of their own. Past it what is masked has none. A tag helps a reader who sees a few of them.
    secret_tags: usize = 16_384, "secrets", uncounted "what is masked has no letter behind its asterisks";

    /// Bytes of what a finding quotes from the wire. Past it the quotation is cut. It has to be read by a person.
    finding_bytes: usize = 1024, "bytes", uncounted "the text that was cut ends in `…`";
    /// What is remembered of all sessions together, beside a fixed amount each: requests, streams, tracks. Past it the sessions
    /// of which most is kept are told no more, and not judged either, until a quarter is free. A usual session keeps some
    /// kilobytes.
    story_bytes_total: usize = 24 << 20, "bytes";
    /// Requests of one session that are remembered, and answers to none. Past it the settled requests go first, then the oldest,
    /// and further answers to none are not kept. Sessions of a day have tens.
    story_requests: usize = 1024, "requests", uncounted "a rule that knows less finds less; it never blames for what it forgot";
    /// Requests, the newest of a session, among which a status looks for its own. One that is older gets none. Real clients have a
    /// handful that are open.
    story_reach: usize = 256, "requests", uncounted "it bounds work, not memory";
    /// Statuses of one session that are remembered in case a hole holds back their request. Past it the oldest is forgotten. A
    /// request has two or three.
    story_early_statuses: usize = 64, "statuses", uncounted "a rule that knows less finds less; it never blames for what it forgot";
    /// Message streams of one session that are remembered. Past it nothing is told of further ones. Real clients use one or two.
    story_streams: usize = 1024, "message streams", uncounted "a rule that knows less finds less; it never blames for what it forgot";
    /// Tracks of one session that are remembered, and `onMetaData` of its message streams. Past it nothing is told of further ones. A
    /// stream has one or two tracks.
    story_tracks: usize = 256, "tracks", uncounted "a rule that knows less finds less; it never blames for what it forgot";
    /// The longest payload of a message that is kept whole, to be shown with a finding. Of a longer one only its beginning is kept.
    /// A connect has some hundred bytes.
    quoted_bytes: usize = 4096, "bytes", uncounted "what is shown ends where it does";
    /// The beginning of a longer one. It shows the first values of a command, and what a media message is.
    quoted_beginning: usize = 256, "bytes", uncounted "what is shown ends where it does";
    /// What the rules keep of all sessions together, beside a fixed amount each: findings that wait, messages to be quoted. Past
    /// it the sessions of which most is kept are judged no more, until a quarter is free. A usual session keeps some kilobytes.
    judged_bytes_total: usize = 16 << 20, "bytes";
    /// Media streams or tracks of one session that a rule follows. Past it further ones are not judged. Sessions have one or two
    /// streams, of two tracks.
    judged_tracks: usize = 64, "tracks", uncounted "a rule that knows less finds less; it never blames for what it forgot";
    /// Chunk streams of both sides of one session that a rule remembers. Past it further ones are not judged. Real peers use under
    /// ten.
    judged_chunk_streams: usize = 256, "chunk streams", uncounted "a rule that knows less finds less; it never blames for what it forgot";
    /// Message streams of one session that a rule remembers. Past it that rule is silent. Real clients use one or two.
    judged_streams: usize = 1024, "message streams", uncounted "a rule that knows less finds less; it never blames for what it forgot";
    /// Pings of one session, and responses that come before theirs, that wait to be judged. Past it the oldest is not judged. Servers
    /// send one a minute.
    judged_pings: usize = 64, "pings", uncounted "a rule that knows less finds less; it never blames for what it forgot";
    /// Acknowledgements of one direction that wait to be judged, and places for which it is known when they were sent. Past it the oldest
    /// is not judged. There is one a window, and it waits for a few packets.
    judged_acknowledgements: usize = 256, "acknowledgements", uncounted "a rule that knows less finds less; it never blames for what it forgot";
    /// Commands of one session on message streams that are not created yet. Past it further ones are not judged. Clients send one.
    judged_early_commands: usize = 16, "commands", uncounted "a rule that knows less finds less; it never blames for what it forgot";
    /// Cases of one session that a rule keeps until the session's end, and findings that the engine keeps until the session's other side is
    /// known as far: what a hole holds back may explain them. Past it further cases are not judged. Real sessions have few, if any.
    late_cases: usize = 256, "cases", uncounted "a rule that knows less finds less; it never blames for what it forgot";
    /// Findings of all open sessions that a report keeps together. Past it the findings of the session at hand are given out before it closes.
    report_findings: usize = 20_000, "findings", uncounted "nothing is lost: they come in parts";
    /// Findings of all sessions that `check --sessions` has not let through so far. Past it further ones are left out, also where
    /// their session is let through later. A usual session has some ten.
    waiting_findings: usize = 16_384, "findings";

    /// Latencies that `stats` keeps for medians and percentiles, of all sessions together. Past it further ones count, and change the
    /// least and the most, but such procedures have no median. A day of a busy server has some hundred thousand calls.
    latencies: usize = 1 << 20, "latencies";

    /// Calls of one session that `stats` keeps to see them answered. Past it the oldest counts as not answered. Clients that number
    /// calls which no server answers make a few in a session.
    stats_calls: usize = 256, "calls", uncounted "they are counted as calls";
    /// Procedures of one session that `stats` tells apart. Past it the calls of further ones are counted together. Real sessions
    /// have about ten.
    stats_procedures: usize = 24, "procedures", uncounted "the text says how many calls there were of others";
    /// Procedures that `stats` tells apart over all sessions. Past it the calls of further ones are counted together.
    stats_procedures_total: usize = 256, "procedures", uncounted "the text says how many calls there were of others";
    /// Bytes of a procedure's name that `stats` keeps. The longest known has fifteen.
    stats_procedure_bytes: usize = 48, "bytes", uncounted "the text that was cut ends in `…`";
    /// Publishes and plays of one session that `stats` tells. Past it they are only counted. Real clients make one or two.
    stats_requests: usize = 16, "requests", uncounted "the text says how many more there were";
    /// Bytes of a stream's name, or of a code, that `stats` keeps. The longest known code has under forty.
    stats_name_bytes: usize = 96, "bytes", uncounted "the text that was cut ends in `…`";
    /// Bytes of an encoder's name that `stats` keeps. Real ones have about forty.
    stats_encoder_bytes: usize = 64, "bytes", uncounted "the text that was cut ends in `…`";
    /// Message types of one side that `stats` tells apart. Past it further ones count with all messages alone. The specification has
    /// fifteen.
    stats_types: usize = 24, "message types", uncounted "their messages are counted with the others";
    /// Tracks of one session that `stats` measures. Past it their frames are only counted. A stream has one or two.
    stats_tracks: usize = 16, "tracks", uncounted "the text says how many frames there were of others";
    /// Spans of a series of `stats`: seconds in which something came. Past it two become one. It is ten minutes.
    stats_seconds: usize = 600, "spans", uncounted "nothing is lost: `span_s` says how long they are";
    /// Such spans of all series of open sessions together, beside the first of each. Past it a series has fewer, which are longer. A
    /// hundred publishers have as many in ten minutes.
    stats_seconds_total: usize = 1 << 17, "spans", uncounted "nothing is lost: `span_s` says how long they are";
    /// Times of a track's last frames that `stats` keeps to see them come again, and those at which pictures are shown. Codecs hold
    /// back at most sixteen.
    stats_times: usize = 32, "times", uncounted "a time that comes again later is not told as such";

    /// Requests of one session that `compare` follows. Past it nothing more is believed of the session. Real clients make under
    /// twenty.
    compared_requests: usize = 256, "requests", uncounted "what is not followed is held against nobody";
    /// Things that a server did about one request, and as many that wait until it is clear what they are about. Past it further ones
    /// are left out. Real answers have under ten.
    compared_steps: usize = 64, "steps", uncounted "what is not followed is held against nobody";
    /// Of one session: kinds of message with their streams, calls of the server, and members of one information object. Past it
    /// further ones are left out. Real sessions have under twenty of each.
    compared_kinds: usize = 64, "kinds", uncounted "what is left out may be told as absent, of sessions that are no real ones";
    /// Information objects of one session that are looked at. Past it further ones are left out, and none is missed. Real sessions have
    /// under ten.
    compared_sightings: usize = 256, "information objects", uncounted "what is not followed is held against nobody";
    /// Names of streams, and message streams that the server created, in one session. Past it further ones are not known. Real
    /// sessions have one or two.
    compared_names: usize = 16, "names", uncounted "a name that is not known is masked all the same; further streams may be told as not created";
    /// Streams that are published at a time in one capture. Past it further ones are not known to be published.
    compared_streams: usize = 4096, "streams", uncounted "what is not followed is held against nobody";
    /// Members of one publisher's metadata that are compared with what a player gets. Past it further ones are left out. Encoders
    /// send about twenty.
    compared_metadata: usize = 64, "members", uncounted "what is not followed is held against nobody";
    /// Texts of publishers in one capture that are known not to be the server's. Past it further ones are not known. Each encoder has
    /// one or two.
    compared_published: usize = 64, "texts", uncounted "what is told says where it was said";
    /// Things that one session, and one server over all its sessions, says of itself. Past it further ones are left out. Real ones
    /// say under ten.
    compared_software: usize = 24, "texts", uncounted "it is told beside the tables";
    /// Characters of one text from the wire that `compare` keeps. Past it the text is cut.
    compared_text: usize = 160, "characters", uncounted "the text that was cut ends in `…`";
    /// Members or arguments that one text names. Past it the others are left out.
    compared_members: usize = 24, "members", uncounted "the text ends in `…`";
    /// Rows that one server may have, each situation counted. Past it further ones are left out. A real one has some hundreds.
    compared_rows: usize = 8192, "rows", uncounted "what is left out may be told as absent, of servers that are no real ones";
    /// Different values of one row. Past it the row says that there were more. Servers that do not always do the same do two or three
    /// things.
    compared_values: usize = 12, "values", uncounted "the row has a `…`";
    /// Characters of one value. Past it the value is cut. Values of real servers have under 400.
    compared_value: usize = 1024, "characters", uncounted "the text that was cut ends in `…`";
    /// Characters of what tells one situation. Past it the text is cut; the situation stays another.
    compared_situation: usize = 512, "characters", uncounted "the text that was cut ends in `…`";
    /// Different codes that one server may send, and kinds of latency that it may have. Past it further ones are left out. Some
    /// seventy codes are known.
    compared_codes: usize = 512, "codes", uncounted "what is not followed is held against nobody";
    /// Different things of one kind that are told of one code. Past it further ones are left out. A person reads the first.
    compared_details: usize = 8, "details", uncounted "the first ones tell that there is something";
    /// Latencies of one kind of one server that are kept for the median. Past it further ones count, and change the worst.
    compared_latencies: usize = 16_384, "latencies", uncounted "the median is of the first ones";
    /// Messages of one server that are named for one value. Past it they are only counted. One is enough to look it up.
    compared_evidence: usize = 3, "messages", uncounted "each shows the same";

    /// Streams of which `extract` makes files at a time. Past it the files of the one idle for longest end, and what follows of it is in others.
    /// A capture of a server has as many publishers and players at once.
    extracted_open: usize = 1024, "streams", uncounted "the file's notes say so";
    /// Streams of which `extract` makes files at all; with `--media` each file of a track counts too. Past it nothing is made of further
    /// ones. A folder of more helps nobody.
    extracted_streams: usize = 65_536, "streams", uncounted "it is said on standard error";
    /// What waits in all files of `extract` together until it is clear with what they begin, and configurations that are kept. Past it the
    /// file at hand begins with what came first, or ends. A stream's metadata and sequence headers have some hundred bytes.
    extracted_bytes: usize = 16 << 20, "bytes", uncounted "metadata that come later stand where they came; the file's notes say that it ends";
    /// Messages of which `extract --amf` makes files. Past it nothing is made of further ones.
    extracted_messages: usize = 65_536, "messages", uncounted "it is said on standard error";

    /// What the screen's index may take, whatever the capture's size. Past this and the share below reading stops, and that is
    /// said.
    index_bytes: usize = 64 << 20, "bytes", uncounted "the screen says so";
    /// … and beside it, of every hundred bytes of capture. A message of usual length takes one and a half.
    index_share: u64 = 5, "percent", uncounted "the screen says so";
    /// Items that lie ready for the screen, about: a few milliseconds of its work. Past it reading waits.
    ready_items: usize = 16_384, "items", uncounted "nothing is lost: reading waits";
    /// What these cost, about: long names make few of them large. Past it reading waits.
    ready_bytes: usize = 16 << 20, "bytes", uncounted "nothing is lost: reading waits";

    /// The longest configuration of the screen. A person's has some lines.
    config_bytes: usize = 64 << 10, "bytes", uncounted "a longer one is not read, and the screen says so";
    /// Captures of which the screen remembers where somebody was. Past it the one that was looked at longest ago is forgotten.
    remembered_captures: usize = 200, "captures", uncounted "nothing of a capture is lost";
    /// Filters that the screen remembers. Past it the oldest is forgotten.
    remembered_filters: usize = 100, "filters", uncounted "nothing of a capture is lost";
    /// The longest file of what the screen remembers. A longer one was not written by the program.
    remembered_bytes: usize = 256 << 10, "bytes", uncounted "a longer one is not read, and written anew";
    /// Steps of each of two sessions that are compared on the screen. Past it further ones are left out. Both are aligned at once, which
    /// takes time with the square of what differs.
    compared_on_screen: usize = 2000, "steps", uncounted "the screen says so";
    /// Places of a series that is drawn over time. Past it two become one. No terminal has as many columns.
    drawn_places: usize = 8192, "places", uncounted "nothing is lost but resolution";
    /// What the index of a report may take, whatever the capture's size; the share below comes beside it. Past these reading stops, and
    /// that is said.
    page_index_bytes: usize = 40 << 20, "bytes", uncounted "the page and standard error say so";
    /// … and beside it, of every hundred bytes of capture, as for the screen.
    page_index_share: u64 = 5, "percent", uncounted "the page and standard error say so";
    /// Rows of a report's timeline. Past it media is sampled, and where the rest alone is more, that too. A browser opens so many at
    /// once.
    page_rows: usize = 10_000, "rows", uncounted "the page says how many of how many it shows";
    /// Sessions in a report's list. Past it those that went well are left out first.
    page_sessions: usize = 1000, "sessions", uncounted "the page says how many of how many it shows";
    /// Sessions of a report that are shown with their ladder and figures. Past it those that went well are left out first.
    page_details: usize = 24, "sessions", uncounted "the page says how many of how many it shows";
    /// Findings of one rule that a report tells one by one. Past it they are counted.
    page_places: usize = 25, "findings", uncounted "the page says how many of how many it shows";
    /// Arrows of a ladder in a report: those of its beginning and of its end. Past it what is between is counted.
    page_arrows: usize = 160, "arrows", uncounted "the page says how many are left out";

    /// The longest filter. Whoever writes more wants a program.
    filter_bytes: usize = 64 << 10, "bytes", uncounted "a longer one is refused with an error";
    /// Brackets and negations inside one another in a filter: each costs a call on the stack. A person's filter has three.
    filter_nesting: u32 = 64, "brackets", uncounted "more are refused with an error";
    /// What one regular expression may take when it is compiled. A text search needs a few kilobytes.
    filter_regex_bytes: usize = 1 << 20, "bytes", uncounted "a larger one is refused with an error";
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}

/// All limits as a table in Markdown.
pub fn markdown() -> String {
    let mut text = String::from(
        "| limit | default | unit | what it bounds, and why | counted |\n| --- | ---: | --- | --- | --- |\n",
    );
    for limit in Limits::ALL {
        let doc = limit.doc.split_whitespace().collect::<Vec<_>>().join(" ");
        // What a link of the code's documentation would be.
        let counted = if limit.uncounted.is_empty() { "yes".to_owned() } else { format!("no: {}", limit.uncounted) };
        text += &format!("| `{}` | {} | {} | {doc} | {counted} |\n", limit.name, grouped(limit.default), limit.unit);
    }
    text
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}
