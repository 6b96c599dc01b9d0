//! Writes the capture on which speed is measured: many sessions at once, full packets, real proportions.
//!
//! `cargo bench --bench speed -- write OUT.pcap --gigabytes 1` writes it packet by packet, so its size costs no memory,
//! and gives the same file on every run. `compare.sh`, beside this file, measures programs on it.

mod hostile;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::fs::File;
use std::io::{self, BufWriter};
use std::process::ExitCode;

use rtmp_inspect::synth::media::{self, Frame};
use rtmp_inspect::synth::{Amf, Connection, Conversation, Link, Message, Packet, Random, pcap, sample};
use rtmp_inspect::wire::{Side, Time};

const USAGE: &str = "usage: cargo bench --bench speed -- write OUT.pcap [--gigabytes N]
       cargo bench --bench speed -- write-hostile OUT.pcapng [--gigabytes N] [ATTACK]";

const SESSIONS: u16 = 16;
/// The receiver of media acknowledges this often.
const WINDOW: u64 = 2_500_000;
const STREAM: u32 = sample::STREAM;

const PICTURE_NS: i64 = 33_333_333;
/// A key frame every two seconds.
const GROUP: u64 = 60;
/// 1024 samples at 48 kHz.
const AUDIO_FRAME_NS: i64 = 21_333_333;

fn main() -> ExitCode {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (out, gigabytes, attack) = match words[..] {
        ["write", out] => (out, Ok(1.0), None),
        ["write", out, "--gigabytes", count] | ["write", "--gigabytes", count, out] => (out, count.parse(), None),
        ["write-hostile", out] => (out, Ok(1.0), Some(None)),
        ["write-hostile", out, "--gigabytes", count] => (out, count.parse::<f64>(), Some(None)),
        ["write-hostile", out, "--gigabytes", count, attack] => (out, count.parse(), Some(Some(attack))),
        // Plain `cargo bench` comes here; there is nothing to write to.
        [] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    let written = match gigabytes {
        Ok(gigabytes) => match attack {
            Some(attack) => write_hostile(out, (gigabytes * 1e9) as u64, attack),
            None => write(out, (gigabytes * 1e9) as u64),
        },
        Err(error) => Err(io::Error::other(error)),
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("speed: {out}: {error}");
            ExitCode::from(2)
        }
    }
}

fn write_hostile(out: &str, size: u64, attack: Option<&str>) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(out)?);
    hostile::write(&mut file, size, attack)?;
    if attack.is_none_or(|attack| attack.starts_with("rtmpe")) {
        eprint!("what --rtmpe-keys has to name a file of:\n{}", hostile::rtmpe_secrets());
    }
    file.into_inner()?.sync_all()
}

/// Writes packets of all sessions by time until the file has this size, and then the ends of the sessions.
fn write(out: &str, size: u64) -> io::Result<()> {
    let mut file = pcap::Writer::new(BufWriter::with_capacity(1 << 20, File::create(out)?), pcap::Options::default())?;
    let mut written = 24;
    let mut sessions: Vec<Session> = (0..SESSIONS).map(Session::open).collect();
    let mut next: BinaryHeap<Reverse<(Time, usize)>> =
        sessions.iter().enumerate().map(|(number, session)| Reverse((session.next_time(), number))).collect();
    while let Some(Reverse((_, number))) = next.pop() {
        let session = &mut sessions[number];
        if let Some(packet) = session.packets.pop_front() {
            let frame = packet.frame();
            file.frame(packet.time, &frame)?;
            written += 16 + frame.len() as u64;
        }
        if session.packets.is_empty() && !session.closed {
            if written < size { session.media() } else { session.close() }
        }
        if !session.packets.is_empty() {
            next.push(Reverse((session.next_time(), number)));
        }
    }
    file.into_inner().into_inner()?.sync_all()
}

/// One publisher or player, with the packets that it has made and that are not written yet.
struct Session {
    conversation: Conversation,
    connection: Connection,
    packets: VecDeque<Packet>,
    random: Random,
    /// Who sends the media.
    from: Side,
    start: Time,
    pictures: u64,
    audio_frames: u64,
    acknowledged: u64,
    closed: bool,
}

impl Session {
    fn open(number: u16) -> Self {
        // Even sessions publish; each chunk size is met in both kinds, on both sides.
        let (publish, chunk_size) = (number.is_multiple_of(2), [128, 4096, 60_000][usize::from(number % 3)]);
        let start = Time(1_767_225_600_000_000_000 + i64::from(number) * 2_100_000);
        let conversation = Conversation::new().at(start).handshake().client(|c| c.connect("live")).server(|s| {
            s.window_acknowledgement_size(WINDOW as u32)
                .set_peer_bandwidth(WINDOW as u32, 2)
                .set_chunk_size(chunk_size)
                .connect_result()
        });
        let conversation = conversation
            .client(|c| c.window_acknowledgement_size(WINDOW as u32).set_chunk_size(chunk_size).create_stream(2))
            .server(|s| s.create_stream_result(2, STREAM));
        let name = format!("stream{}", number / 2);
        let (from, conversation) = if publish {
            let begun = conversation.client(|c| c.publish(STREAM, 3, &name)).server(|s| {
                s.stream_begin(STREAM).on_status(STREAM, "status", "NetStream.Publish.Start", "Publishing.")
            });
            (Side::Client, begun.client(|c| sample::sequence_headers(c.metadata(STREAM, 0))))
        } else {
            let begun = conversation.client(|c| c.set_buffer_length(STREAM, 3000).play(STREAM, 3, &name)).server(|s| {
                s.stream_begin(STREAM)
                    .on_status(STREAM, "status", "NetStream.Play.Reset", "Resetting.")
                    .on_status(STREAM, "status", "NetStream.Play.Start", "Playing.")
                    .data(STREAM, 0, "|RtmpSampleAccess", &[Amf::Boolean(true), Amf::Boolean(true)])
            });
            let begun =
                begun.server(|s| sample::sequence_headers(s.data(STREAM, 0, "onMetaData", &[media::metadata()])));
            (Side::Server, begun)
        };

        let link =
            Link::between(([198, 51, 100, number as u8 + 1], 50_000 + number).into(), ([192, 0, 2, 1], 1935).into());
        let mut packets = Vec::new();
        // 100 µs a packet is a line of some 100 Mbit/s: bursts are long enough to meet those of other sessions.
        let connection = Connection::open(link.spacing_ns(100_000), start, &mut packets);
        let mut session = Session {
            start: conversation.now(),
            conversation,
            connection,
            packets: packets.into(),
            random: Random::new(number.into()),
            from,
            pictures: 0,
            audio_frames: 0,
            acknowledged: 0,
            closed: false,
        };
        session.send();
        session
    }

    fn next_time(&self) -> Time {
        self.packets.front().map_or(self.connection.now(), |packet| packet.time)
    }

    /// The next picture with the audio that is due, and what the other side has to say to it.
    fn media(&mut self) {
        let elapsed = self.pictures as i64 * PICTURE_NS;
        let mut messages = vec![self.picture((elapsed / 1_000_000) as u32)];
        while self.audio_frames as i64 * AUDIO_FRAME_NS <= elapsed {
            let time = (self.audio_frames as i64 * AUDIO_FRAME_NS / 1_000_000) as u32;
            let length = self.random.between(200, 400) as usize;
            messages.push(Message::new(4, 8, STREAM, time, media::aac_frame(length, &mut self.random)));
            self.audio_frames += 1;
        }
        let interleave = self.conversation.peer(self.from).chunks.chunk_size == 4096;
        let conversation = std::mem::take(&mut self.conversation).at(Time(self.start.0 + elapsed));
        self.conversation = conversation.side(self.from, |peer| {
            peer.chunk_layer(|chunks| {
                // Audio in the same chunk stream cannot overtake itself: only the first frame shares the line.
                let (together, rest) = messages.split_at(if interleave { messages.len().min(2) } else { 0 });
                chunks.interleave(together);
                for message in rest {
                    chunks.message(message);
                }
            })
        });
        let sent = self.conversation.peer(self.from).chunks.written();
        if sent - self.acknowledged >= WINDOW {
            self.acknowledged = sent;
            let conversation = std::mem::take(&mut self.conversation);
            self.conversation = conversation.side(self.from.other(), |peer| peer.acknowledgement(sent as u32));
        }
        self.send();
    }

    fn picture(&mut self, time: u32) -> Message {
        let (frame, length) = match self.pictures % GROUP {
            0 => (Frame::Key, self.random.between(60_000, 150_000)),
            _ => (Frame::Inter, self.random.between(2_000, 20_000)),
        };
        self.pictures += 1;
        Message::new(6, 9, STREAM, time, media::avc_frame(frame, 0, length as usize, &mut self.random))
    }

    fn close(&mut self) {
        let conversation = std::mem::take(&mut self.conversation);
        self.conversation = conversation.client(|c| c.delete_stream(STREAM));
        self.send();
        let mut packets = Vec::new();
        self.connection.close(Side::Client, self.connection.now(), &mut packets);
        self.packets.extend(packets);
        self.closed = true;
    }

    /// Makes packets of what was said.
    fn send(&mut self) {
        let mut packets = Vec::new();
        for write in self.conversation.take_writes() {
            self.connection.write(&write, &mut packets);
        }
        self.packets.extend(packets);
    }
}
