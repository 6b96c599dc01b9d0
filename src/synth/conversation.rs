//! What two sides say to each other, write by write, on one clock. Packets are made of it by [`Link`](super::Link).

use super::{Amf, ChunkWriter, Format, Message, Random, media, object, values};
use crate::wire::{Side, Time};

/// Length of C1, S1, C2 and S2.
const BLOCK: usize = 1536;

/// Half of a round trip: the time between a write and the answer to it.
const STEP_NS: i64 = 1_000_000;

/// One write of an application to its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    pub time: Time,
    pub from: Side,
    pub bytes: Vec<u8>,
}

/// Which handshake both sides make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Handshake {
    /// As the spec says: zero versions, echoes with the time of reading.
    #[default]
    Simple,
    /// Both echoes are the other's block unchanged, so without a time2: what most peers do.
    Exact,
    /// The client's C2 is no echo of S1.
    BrokenC2,
    /// The server's S2 is no echo of C1.
    BrokenS2,
    /// The server sends C1 back as its S1, as nginx-rtmp does.
    CopiedS1,
}

/// C1 or S1: time, four zero bytes, and random bytes from a seed.
pub fn opening(time: u32, seed: u64) -> Vec<u8> {
    let mut block = Random::new(seed).bytes(BLOCK);
    block[..4].copy_from_slice(&time.to_be_bytes());
    block[4..8].fill(0);
    block
}

/// C2 or S2: the other side's block, with the time at which it was read.
pub fn echo(block: &[u8], time2: u32) -> Vec<u8> {
    let mut block = block.to_vec();
    block[4..8].copy_from_slice(&time2.to_be_bytes());
    block
}

/// What two sides say, in order, on one clock.
///
/// Each [`client`](Self::client) or [`server`](Self::server) block is one write, a millisecond after the one before.
#[derive(Clone, Debug)]
pub struct Conversation {
    now: Time,
    peers: [Peer; 2],
    writes: Vec<Write>,
}

impl Default for Conversation {
    fn default() -> Self {
        // 2026-01-01 00:00:00 UTC; any fixed moment would do.
        Conversation {
            now: Time(1_767_225_600_000_000_000),
            peers: [Peer::default(), Peer::default()],
            writes: Vec::new(),
        }
    }
}

impl Conversation {
    pub fn new() -> Self {
        Conversation::default()
    }

    /// Sets the clock: the next write comes a millisecond later.
    #[must_use]
    pub fn at(mut self, time: Time) -> Self {
        self.now = time;
        self
    }

    /// Lets time pass.
    #[must_use]
    pub fn wait_ms(mut self, milliseconds: i64) -> Self {
        self.now.0 += milliseconds * 1_000_000;
        self
    }

    /// The client writes.
    #[must_use]
    pub fn client(self, say: impl FnOnce(&mut Peer) -> &mut Peer) -> Self {
        self.side(Side::Client, say)
    }

    /// The server writes.
    #[must_use]
    pub fn server(self, say: impl FnOnce(&mut Peer) -> &mut Peer) -> Self {
        self.side(Side::Server, say)
    }

    #[must_use]
    pub fn side(mut self, from: Side, say: impl FnOnce(&mut Peer) -> &mut Peer) -> Self {
        let bytes = say(&mut self.peers[from.index()]).chunks.take();
        self.now.0 += STEP_NS;
        if !bytes.is_empty() {
            self.writes.push(Write { time: self.now, from, bytes });
        }
        self
    }

    /// The simple handshake, with right echoes.
    #[must_use]
    pub fn handshake(self) -> Self {
        self.handshake_as(Handshake::Simple)
    }

    #[must_use]
    pub fn handshake_as(self, handshake: Handshake) -> Self {
        let c1 = opening(0, 1);
        let s1 = if handshake == Handshake::CopiedS1 { c1.clone() } else { opening(5000, 2) };
        let (c2, s2) = match handshake {
            Handshake::Simple => (echo(&s1, 1), echo(&c1, 5001)),
            Handshake::Exact | Handshake::CopiedS1 => (s1.clone(), c1.clone()),
            Handshake::BrokenC2 => (opening(1, 3), echo(&c1, 5001)),
            Handshake::BrokenS2 => (echo(&s1, 1), opening(5001, 3)),
        };
        self.client(|c| c.raw(&[3]).raw(&c1)).server(|s| s.raw(&[3]).raw(&s1).raw(&s2)).client(|c| c.raw(&c2))
    }

    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// Takes the writes out, for whoever cannot hold a whole conversation in memory.
    pub fn take_writes(&mut self) -> Vec<Write> {
        std::mem::take(&mut self.writes)
    }

    /// A side as it stands.
    pub fn peer(&self, side: Side) -> &Peer {
        &self.peers[side.index()]
    }

    /// The time of the last write.
    pub fn now(&self) -> Time {
        self.now
    }

    /// All bytes of one direction.
    pub fn bytes(&self, from: Side) -> Vec<u8> {
        self.writes.iter().filter(|write| write.from == from).flat_map(|write| write.bytes.iter().copied()).collect()
    }
}

/// One side of a conversation: what it says, in the words of the protocol.
///
/// Chunk streams are those that peers use: 2 control, 3 connection commands, 4 audio, 5 status, 6 video, 7 data, 8 stream
/// commands. Everything else is written with [`message`](Self::message) or [`raw`](Self::raw).
#[derive(Clone, Debug, Default)]
pub struct Peer {
    /// The chunk layer, for settings and for what has no word here.
    pub chunks: ChunkWriter,
}

impl Peer {
    /// Works on the chunk layer without leaving the sentence: `c.chunk_layer(|k| k.form = Form::Three)`.
    pub fn chunk_layer(&mut self, work: impl FnOnce(&mut ChunkWriter)) -> &mut Self {
        work(&mut self.chunks);
        self
    }

    /// Bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.chunks.raw(bytes);
        self
    }

    pub fn message(&mut self, message: &Message) -> &mut Self {
        self.message_as(Format::Best, message)
    }

    pub fn message_as(&mut self, format: Format, message: &Message) -> &mut Self {
        self.chunks.message_as(format, message);
        self
    }

    /// Set Chunk Size (1), at once in effect.
    pub fn set_chunk_size(&mut self, chunk_size: u32) -> &mut Self {
        self.chunks.set_chunk_size(chunk_size);
        self
    }

    /// Abort Message (2).
    pub fn abort(&mut self, chunk_stream_id: u32) -> &mut Self {
        self.chunks.abort(chunk_stream_id);
        self
    }

    /// Acknowledgement (3).
    pub fn acknowledgement(&mut self, sequence_number: u32) -> &mut Self {
        self.message(&Message::control(3, sequence_number.to_be_bytes().into()))
    }

    /// User Control (4), with the event's data as it is.
    pub fn user_control(&mut self, event: u16, data: &[u8]) -> &mut Self {
        self.message(&Message::control(4, [&event.to_be_bytes(), data].concat()))
    }

    /// Stream Begin.
    pub fn stream_begin(&mut self, message_stream_id: u32) -> &mut Self {
        self.user_control(0, &message_stream_id.to_be_bytes())
    }

    /// Stream EOF.
    pub fn stream_eof(&mut self, message_stream_id: u32) -> &mut Self {
        self.user_control(1, &message_stream_id.to_be_bytes())
    }

    /// Set Buffer Length.
    pub fn set_buffer_length(&mut self, message_stream_id: u32, milliseconds: u32) -> &mut Self {
        self.user_control(3, &[message_stream_id.to_be_bytes(), milliseconds.to_be_bytes()].concat())
    }

    /// Ping Request.
    pub fn ping_request(&mut self, timestamp: u32) -> &mut Self {
        self.user_control(6, &timestamp.to_be_bytes())
    }

    /// Ping Response.
    pub fn ping_response(&mut self, timestamp: u32) -> &mut Self {
        self.user_control(7, &timestamp.to_be_bytes())
    }

    /// Window Acknowledgement Size (5).
    pub fn window_acknowledgement_size(&mut self, window_size: u32) -> &mut Self {
        self.message(&Message::control(5, window_size.to_be_bytes().into()))
    }

    /// Set Peer Bandwidth (6); the limit type is 0 hard, 1 soft, 2 dynamic.
    pub fn set_peer_bandwidth(&mut self, window_size: u32, limit_type: u8) -> &mut Self {
        self.message(&Message::control(6, [&window_size.to_be_bytes()[..], &[limit_type]].concat()))
    }

    /// Audio (8) on chunk stream 4.
    pub fn audio(&mut self, message_stream_id: u32, timestamp: u32, payload: Vec<u8>) -> &mut Self {
        self.message(&Message::new(4, 8, message_stream_id, timestamp, payload))
    }

    /// Video (9) on chunk stream 6.
    pub fn video(&mut self, message_stream_id: u32, timestamp: u32, payload: Vec<u8>) -> &mut Self {
        self.message(&Message::new(6, 9, message_stream_id, timestamp, payload))
    }

    /// Data in AMF0 (18) on chunk stream 7: a name and values.
    pub fn data(&mut self, message_stream_id: u32, timestamp: u32, name: &str, arguments: &[Amf]) -> &mut Self {
        let payload = [Amf::from(name).bytes(), values(arguments)].concat();
        self.message(&Message::new(7, 18, message_stream_id, timestamp, payload))
    }

    /// A publisher's metadata: `@setDataFrame`, `onMetaData`.
    pub fn metadata(&mut self, message_stream_id: u32, timestamp: u32) -> &mut Self {
        self.data(message_stream_id, timestamp, "@setDataFrame", &["onMetaData".into(), media::metadata()])
    }

    /// A command in AMF0 (20) of the connection: chunk stream 3, message stream 0. `arguments` begin with the command
    /// object, which is [`Amf::Null`] where a command has none.
    pub fn command(&mut self, name: &str, transaction_id: impl Into<Amf>, arguments: &[Amf]) -> &mut Self {
        self.message(&Message::new(3, 20, 0, 0, command(name, transaction_id, arguments)))
    }

    /// A command in AMF0 (20) of a stream: chunk stream 8.
    pub fn stream_command(
        &mut self,
        message_stream_id: u32,
        name: &str,
        transaction_id: impl Into<Amf>,
        arguments: &[Amf],
    ) -> &mut Self {
        self.message(&Message::new(8, 20, message_stream_id, 0, command(name, transaction_id, arguments)))
    }

    /// `connect`, transaction 1, to an application of a server on this machine.
    pub fn connect(&mut self, app: &str) -> &mut Self {
        let url = format!("rtmp://127.0.0.1:1935/{app}");
        self.command(
            "connect",
            1,
            &[object([
                ("app", app.into()),
                ("type", "nonprivate".into()),
                ("flashVer", "FMLE/3.0 (compatible; rtmp-inspect)".into()),
                ("tcUrl", url.into()),
            ])],
        )
    }

    /// The answer to `connect`: `NetConnection.Connect.Success`.
    pub fn connect_result(&mut self) -> &mut Self {
        let properties = object([("fmsVer", "FMS/3,0,1,123".into()), ("capabilities", 31.into())]);
        let information = object([
            ("level", "status".into()),
            ("code", "NetConnection.Connect.Success".into()),
            ("description", "Connection succeeded.".into()),
            ("objectEncoding", 0.into()),
        ]);
        self.result(1, &[properties, information])
    }

    /// `_result`.
    pub fn result(&mut self, transaction_id: impl Into<Amf>, arguments: &[Amf]) -> &mut Self {
        self.command("_result", transaction_id, arguments)
    }

    /// `_error`, with an information object.
    pub fn error(&mut self, transaction_id: impl Into<Amf>, code: &str, description: &str) -> &mut Self {
        self.command("_error", transaction_id, &[Amf::Null, information("error", code, description)])
    }

    /// `createStream`.
    pub fn create_stream(&mut self, transaction_id: u32) -> &mut Self {
        self.command("createStream", transaction_id, &[Amf::Null])
    }

    /// The answer to `createStream`.
    pub fn create_stream_result(&mut self, transaction_id: u32, message_stream_id: u32) -> &mut Self {
        self.result(transaction_id, &[Amf::Null, message_stream_id.into()])
    }

    /// `publish`, live.
    pub fn publish(&mut self, message_stream_id: u32, transaction_id: u32, name: &str) -> &mut Self {
        self.stream_command(message_stream_id, "publish", transaction_id, &[Amf::Null, name.into(), "live".into()])
    }

    /// `play`, live or recorded.
    pub fn play(&mut self, message_stream_id: u32, transaction_id: u32, name: &str) -> &mut Self {
        self.stream_command(message_stream_id, "play", transaction_id, &[Amf::Null, name.into(), (-2).into()])
    }

    /// `deleteStream`, transaction 0.
    pub fn delete_stream(&mut self, message_stream_id: u32) -> &mut Self {
        self.command("deleteStream", 0, &[Amf::Null, message_stream_id.into()])
    }

    /// `onStatus` on chunk stream 5, transaction 0.
    pub fn on_status(&mut self, message_stream_id: u32, level: &str, code: &str, description: &str) -> &mut Self {
        let payload = command("onStatus", 0, &[Amf::Null, information(level, code, description)]);
        self.message(&Message::new(5, 20, message_stream_id, 0, payload))
    }
}

fn command(name: &str, transaction_id: impl Into<Amf>, arguments: &[Amf]) -> Vec<u8> {
    [values(&[name.into(), transaction_id.into()]), values(arguments)].concat()
}

fn information(level: &str, code: &str, description: &str) -> Amf {
    object([("level", level.into()), ("code", code.into()), ("description", description.into())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handshake_has_the_spec_s_sizes_and_echoes() {
        let conversation = Conversation::new().handshake();
        let sizes: Vec<_> = conversation.writes().iter().map(|write| (write.from, write.bytes.len())).collect();
        assert_eq!(sizes, [(Side::Client, 1537), (Side::Server, 3073), (Side::Client, 1536)]);
        let (client, server) = (conversation.bytes(Side::Client), conversation.bytes(Side::Server));
        let (c1, c2) = client[1..].split_at(BLOCK);
        let (s1, s2) = server[1..].split_at(BLOCK);
        assert_eq!((&c2[..4], &c2[8..]), (&s1[..4], &s1[8..]));
        assert_eq!((&s2[..4], &s2[8..]), (&c1[..4], &c1[8..]));
        assert_eq!((&c1[4..8], &s1[4..8]), (&[0; 4][..], &[0; 4][..]));
    }

    #[test]
    fn handshakes_can_be_wrong() {
        let block = |handshake, from, start: usize| {
            Conversation::new().handshake_as(handshake).bytes(from)[start..start + BLOCK].to_vec()
        };
        let s1 = |handshake| block(handshake, Side::Server, 1);
        let c2 = |handshake| block(handshake, Side::Client, 1 + BLOCK);
        assert_eq!(c2(Handshake::Exact), s1(Handshake::Exact));
        assert_ne!(c2(Handshake::BrokenC2)[8..], s1(Handshake::BrokenC2)[8..]);
        assert_eq!(s1(Handshake::CopiedS1), block(Handshake::CopiedS1, Side::Client, 1));
    }

    #[test]
    fn a_block_is_one_write_a_millisecond_later_and_an_empty_one_is_none() {
        let conversation = Conversation::new()
            .at(Time(0))
            .client(|c| c.acknowledgement(1).acknowledgement(2))
            .server(|s| s)
            .wait_ms(5)
            .server(|s| s.stream_begin(1));
        let times: Vec<_> = conversation.writes().iter().map(|write| (write.time.0, write.from)).collect();
        assert_eq!(times, [(1_000_000, Side::Client), (8_000_000, Side::Server)]);
    }

    #[test]
    fn a_command_is_name_transaction_and_arguments() {
        let conversation = Conversation::new().client(|c| c.create_stream(4));
        let body = [&[2, 0, 12][..], b"createStream", &[0, 0x40, 0x10, 0, 0, 0, 0, 0, 0, 5]].concat();
        let header = [3, 0, 0, 0, 0, 0, body.len() as u8, 20, 0, 0, 0, 0];
        assert_eq!(conversation.bytes(Side::Client), [&header[..], &body].concat());
    }
}
