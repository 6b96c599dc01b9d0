//! Writes captures that mean harm: each attack goes for one limit, with as many bytes as it is given.

#[path = "hostile/carriers.rs"]
mod carriers;
#[path = "hostile/ftl.rs"]
mod ftl;

use std::io::{self, Write};

use rtmp_inspect::synth::pcapng::{Block, Resolution};
use rtmp_inspect::synth::{Amf, ChunkWriter, Message, Packet, Random, opening, pcap::Endian, pcapng, tcp, values};
use rtmp_inspect::wire::{Side, Time};

/// An attack, by name.
type Attack = (&'static str, fn(&mut Wire<'_>, u64) -> io::Result<()>);

/// All attacks.
pub(super) const ATTACKS: &[Attack] = &[
    ("half-open", half_open),
    ("openings", openings),
    ("sessions", sessions),
    ("fragments", fragments),
    ("reordering", reordering),
    ("partial-messages", partial_messages),
    ("chunk-streams", chunk_streams),
    ("tiny-chunks", tiny_chunks),
    ("tiny-messages", tiny_messages),
    ("deep-amf", deep_amf),
    ("many-values", many_values),
    ("references", references),
    ("long-names", long_names),
    ("calls", calls),
    ("quoted", quoted),
    ("notes", notes),
    ("garbage", garbage),
    ("look-alikes", look_alikes),
    ("large-packets", large_packets),
    ("unfinished", unfinished),
    ("half-closed", half_closed),
    ("too-many-streams", too_many_streams),
    ("lost-again", lost_again),
    ("joined-look-alikes", joined_look_alikes),
    ("short-look-alikes", short_look_alikes),
    ("backwards", backwards),
    ("small-fragments", small_fragments),
    ("cut-fragments", cut_fragments),
    ("odd-handshakes", odd_handshakes),
    ("statuses", statuses),
    ("masked", masked),
    ("interfaces", interfaces),
    ("ftl-flows", ftl::flows),
    ("ftl-ports", ftl::ports),
    ("ftl-lingering", ftl::lingering),
    ("ftl-pieces", ftl::pieces),
    ("ftl-nacks", ftl::nacks),
    ("ftl-lines", ftl::lines),
    ("tls-hellos", carriers::tls_hellos),
    ("tls-waiting", carriers::tls_waiting),
    ("tls-endless", carriers::tls_endless),
    ("tls-trials", carriers::tls_trials),
    ("tls-guesses", carriers::tls_guesses),
    ("tls-headers", carriers::tls_headers),
    ("tls-alerts", carriers::tls_alerts),
    ("rtmpt-opens", carriers::rtmpt_opens),
    ("rtmpt-jumps", carriers::rtmpt_jumps),
    ("rtmpt-pipelined", carriers::rtmpt_pipelined),
    ("rtmpt-lengths", carriers::rtmpt_lengths),
    ("rtmpt-answers", carriers::rtmpt_answers),
    ("rtmpt-heads", carriers::rtmpt_heads),
    ("rtmpt-connections", carriers::rtmpt_connections),
    ("rtmpe-holes", carriers::rtmpe_holes),
];

/// Secrets of the sessions of RTMPE in the attacks: what `--rtmpe-keys` takes.
pub(super) fn rtmpe_secrets() -> String {
    carriers::rtmpe_secret()
}

/// Writes one attack, or all of them one after the other, each with its share of `size` bytes.
pub(super) fn write(out: &mut dyn Write, size: u64, name: Option<&str>) -> io::Result<()> {
    let chosen: Vec<_> = ATTACKS.iter().filter(|(known, _)| name.is_none_or(|name| name == *known)).collect();
    if chosen.is_empty() {
        let names = ATTACKS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        return Err(io::Error::other(format!("no such attack; there are {names}")));
    }
    let mut file = pcapng::Writer::new(out, Endian::Little)?;
    file.interface(Resolution::Decimal(9))?;
    let mut wire = Wire { out: file, written: 0, time: 1_767_225_600_000_000_000, next: 0, random: Random::new(1) };
    let share = size / chosen.len() as u64;
    for (_, attack) in chosen {
        let end = wire.written + share;
        attack(&mut wire, end)?;
    }
    wire.out.into_inner().flush()
}

/// The capture as far as it is written.
pub(super) struct Wire<'o> {
    out: pcapng::Writer<&'o mut dyn Write>,
    written: u64,
    time: i64,
    /// Connections so far.
    next: u32,
    random: Random,
}

/// A connection: numbers of the next bytes of both sides.
#[derive(Clone, Copy)]
struct Ends {
    number: u32,
    next: [u32; 2],
}

impl Wire<'_> {
    fn frame(&mut self, frame: &[u8]) -> io::Result<()> {
        // A microsecond a packet: a thousand times what a line carries, so that no limit of time helps.
        self.time += 1000;
        self.written += 32 + frame.len().next_multiple_of(4) as u64;
        self.out.frame(Block::Enhanced, 0, Time(self.time), frame)
    }

    /// A frame of which a snap length left these bytes.
    fn cut_frame(&mut self, bytes: &[u8], length: u32) -> io::Result<()> {
        self.time += 1000;
        let (high, low) = ((self.time >> 32) as u32, self.time as u32);
        let words = [0, high, low, bytes.len() as u32, length].map(u32::to_le_bytes);
        let body = [words.as_flattened(), bytes].concat();
        self.written += 12 + body.len() as u64;
        self.out.block(6, &body)
    }

    fn connection(&mut self) -> Ends {
        self.next += 1;
        Ends { number: self.next, next: [1000, 5000] }
    }

    fn send(&mut self, ends: &mut Ends, from: Side, flags: u8, payload: &[u8]) -> io::Result<()> {
        let number = ends.number;
        let client =
            ([10, (number >> 20) as u8, (number >> 12) as u8, (number >> 4) as u8], 40_000 + (number & 15) as u16);
        let (client, server) = (client.into(), ([192, 0, 2, 1], 1935).into());
        let (source, destination) = if from == Side::Client { (client, server) } else { (server, client) };
        let packet = Packet {
            time: Time(self.time),
            from,
            source,
            destination,
            sequence: ends.next[from.index()],
            acknowledgement: ends.next[from.other().index()],
            flags,
            window: 65_535,
            window_scale: None,
            identification: 0,
            payload: payload.to_vec(),
        };
        ends.next[from.index()] = packet.next_sequence();
        self.frame(&packet.frame())
    }

    /// SYN, SYN/ACK and the client's half of the handshake: enough to be a session whose client may say anything.
    fn session(&mut self) -> io::Result<Ends> {
        let mut ends = self.connection();
        self.send(&mut ends, Side::Client, tcp::SYN, &[])?;
        self.send(&mut ends, Side::Server, tcp::SYN | tcp::ACK, &[])?;
        let block = opening(0, u64::from(ends.number));
        self.say(&mut ends, &[&[3], &block[..], &block[..]].concat())?;
        Ok(ends)
    }

    /// The server's half of the handshake.
    fn answer(&mut self, ends: &mut Ends) -> io::Result<()> {
        let block = opening(0, u64::from(ends.number) + 7);
        self.send(ends, Side::Server, tcp::ACK, &[&[3], &block[..], &block[..]].concat())
    }

    fn say(&mut self, ends: &mut Ends, bytes: &[u8]) -> io::Result<()> {
        bytes.chunks(1460).try_for_each(|payload| self.send(ends, Side::Client, tcp::ACK, payload))
    }

    /// Messages on one session after the other, each of a million bytes.
    fn messages(&mut self, end: u64, chunk_size: u32, mut make: impl FnMut(&mut ChunkWriter, u32)) -> io::Result<()> {
        while self.written < end {
            let mut ends = self.session()?;
            let mut chunks = ChunkWriter::default();
            chunks.set_chunk_size(chunk_size);
            let start = self.written;
            let mut count = 0;
            while self.written < end && self.written < start + 1_000_000 {
                make(&mut chunks, count);
                count += 1;
                let bytes = chunks.take();
                self.say(&mut ends, &bytes)?;
            }
        }
        Ok(())
    }
}

/// Nobody answers.
fn half_open(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut ends = wire.connection();
        wire.send(&mut ends, Side::Client, tcp::SYN, &[])?;
    }
    Ok(())
}

/// Connections joined in the middle that say a little of nothing, a byte at a time.
fn openings(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut some: Vec<Ends> = (0..1000).map(|_| wire.connection()).collect();
        for _ in 0..20 {
            for ends in &mut some {
                wire.send(ends, Side::Client, tcp::ACK, &[0x7f])?;
            }
        }
    }
    Ok(())
}

/// Sessions that begin and never end.
fn sessions(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut ends = wire.session()?;
        let mut chunks = ChunkWriter::default();
        chunks.message(&Message::new(3, 20, 0, 0, values(&["publish".into(), 1.into(), Amf::Null, "key".into()])));
        let bytes = chunks.take();
        wire.say(&mut ends, &bytes)?;
    }
    Ok(())
}

/// First fragments of packets whose rest never comes.
fn fragments(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let mut number = 0_u32;
    while wire.written < end {
        number = number.wrapping_add(1);
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 28 + 200];
        frame.extend((number as u16).to_be_bytes());
        // More fragments follow; the place grows slowly, so that some packets have many.
        frame.extend((0x2000 | ((number >> 16) as u16 * 26)).to_be_bytes());
        frame.extend([64, 6, 0, 0, 10, 9, (number >> 8) as u8, 1, 192, 0, 2, 1]);
        frame.extend([0; 208]);
        wire.frame(&frame)?;
    }
    Ok(())
}

/// Every second segment is missing.
fn reordering(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut some: Vec<Ends> = Vec::new();
        for _ in 0..100 {
            some.push(wire.session()?);
        }
        for _ in 0..500 {
            for ends in &mut some {
                ends.next[0] = ends.next[0].wrapping_add(10);
                wire.send(ends, Side::Client, tcp::ACK, &[0; 10])?;
            }
        }
    }
    Ok(())
}

/// Messages of a megabyte that are begun on all chunk streams there can be, and never finished.
fn partial_messages(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut ends = wire.session()?;
        let mut chunks = ChunkWriter::default();
        chunks.set_chunk_size(60_000);
        let start = wire.written;
        for id in 2..65_599_u32 {
            let bytes = [&chunks.take()[..], &begin(id, 1_000_000, 9), &vec![0x17; 60_000]].concat();
            wire.say(&mut ends, &bytes)?;
            if wire.written >= end || wire.written > start + 60_000_000 {
                break;
            }
        }
    }
    Ok(())
}

/// The header of a first chunk, in its longest form.
fn begin(id: u32, length: u32, kind: u8) -> Vec<u8> {
    let mut header = match id {
        0..=63 => vec![id as u8],
        _ => vec![1, (id - 64) as u8, ((id - 64) >> 8) as u8],
    };
    header.extend([0, 0, 0]);
    header.extend(&length.to_be_bytes()[1..]);
    header.push(kind);
    header.extend([1, 0, 0, 0]);
    header
}

/// Sessions with as many chunk streams as are followed, a message begun on each.
fn chunk_streams(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut ends = wire.session()?;
        for ids in (2..1020_u32).collect::<Vec<_>>().chunks(60) {
            let bytes: Vec<u8> = ids.iter().flat_map(|id| [&begin(*id, 200, 9)[..], &[0; 128]].concat()).collect();
            wire.say(&mut ends, &bytes)?;
        }
    }
    Ok(())
}

/// Two long messages in turns of a byte: every chunk has a place of its own.
fn tiny_chunks(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut ends = wire.session()?;
        let mut chunks = ChunkWriter::default();
        chunks.set_chunk_size(1);
        let bytes = [&chunks.take()[..], &begin(4, 0x00ff_ffff, 8), &[0], &begin(5, 0x00ff_ffff, 9), &[0]].concat();
        wire.say(&mut ends, &bytes)?;
        let turns: Vec<u8> = [0xc4, 0, 0xc5, 0].repeat(365 * 40);
        for _ in 0..500 {
            if wire.written < end {
                wire.say(&mut ends, &turns)?;
            }
        }
    }
    Ok(())
}

/// Messages of one byte under headers of one.
fn tiny_messages(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut ends = wire.session()?;
        wire.say(&mut ends, &[&begin(4, 1, 8)[..], &[0xaf]].concat())?;
        let bytes = [0xc4, 0xaf].repeat(730 * 40);
        for _ in 0..1000 {
            if wire.written < end {
                wire.say(&mut ends, &bytes)?;
            }
        }
    }
    Ok(())
}

/// Objects in objects, a million deep.
fn deep_amf(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let mut payload = values(&["call".into(), 1.into()]);
    payload.extend([3, 0, 1, b'a'].repeat(1_000_000));
    wire.messages(end, 65_536, |chunks, _| chunks.message(&Message::new(3, 20, 0, 0, payload.clone())))
}

/// As many small values as fit.
fn many_values(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let mut payload = values(&["call".into(), 1.into()]);
    payload.extend([3, 0, 0, 9].repeat(64_000));
    wire.messages(end, 65_536, |chunks, _| chunks.message(&Message::new(3, 20, 0, 0, payload.clone())))
}

/// AMF3 arrays that each hold the one before twice, and a text that is repeated for ever.
fn references(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let mut payload = vec![0];
    payload.extend(values(&["call".into(), 1.into()]));
    payload.push(0x11);
    // An array of 30 000 values: first a long string, then arrays of two references to the array before.
    payload.extend([0x09, 0x83, 0xd4, 0x61, 0x01]);
    payload.extend([0x06, 0x87, 0x69]);
    payload.extend([b'x'; 500]);
    for number in 1..15_000_u32 {
        payload.extend([0x09, 0x05, 0x01]);
        for _ in 0..2 {
            let head = number.saturating_sub(1) << 1;
            payload.extend([0x09, 0x80 | (head >> 7) as u8, (head & 0x7f) as u8]);
        }
        // The string again.
        payload.extend([0x06, 0x00]);
    }
    wire.messages(end, 65_536, |chunks, _| chunks.message(&Message::new(3, 17, 0, 0, payload.clone())))
}

/// Stream names of 60 000 characters, all of them different.
fn long_names(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    wire.messages(end, 65_536, |chunks, count| {
        let name = format!("{count}{}", "n".repeat(60_000));
        let publish = values(&["publish".into(), count.into(), Amf::Null, name.as_str().into()]);
        chunks.message(&Message::new(3, 20, 0, 0, publish));
    })
}

/// Calls that are never answered, with names of 60 000 characters.
fn calls(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let name = "c".repeat(60_000);
    let mut number = 0;
    while wire.written < end {
        let mut ends = wire.session()?;
        let mut chunks = ChunkWriter::default();
        chunks.set_chunk_size(65_536);
        for _ in 0..1100 {
            number += 1;
            chunks.message(&Message::new(3, 20, 0, 0, values(&[name.as_str().into(), number.into(), Amf::Null])));
            let bytes = chunks.take();
            wire.say(&mut ends, &bytes)?;
            if wire.written >= end {
                break;
            }
        }
    }
    Ok(())
}

/// Sessions with calls that rules remember and quote, and that are never answered.
fn quoted(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let text = "c".repeat(3900);
    while wire.written < end {
        let mut ends = wire.session()?;
        let mut chunks = ChunkWriter::default();
        chunks.set_chunk_size(65_536);
        for number in 1..100_u32 {
            let call = values(&["call".into(), number.into(), Amf::Null, text.as_str().into()]);
            chunks.message(&Message::new(3, 20, 0, 0, call));
        }
        let bytes = chunks.take();
        wire.say(&mut ends, &bytes)?;
    }
    Ok(())
}

/// Blocks of names and of secrets, without end.
fn notes(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let mut names = Vec::new();
    for number in 0..4000_u16 {
        names.extend([1, 0, 10, 0, 10, 0]);
        names.extend(number.to_be_bytes());
        names.extend(b"name\0\0\0\0");
    }
    let secrets = [&b"KSLT"[..], &60_000_u32.to_le_bytes(), &vec![b'k'; 60_000]].concat();
    while wire.written < end {
        for (kind, body) in [(4, &names), (10, &secrets)] {
            wire.out.block(kind, body)?;
            wire.written += 12 + body.len() as u64;
        }
    }
    Ok(())
}

/// Connections joined in the middle that are nothing at all.
fn garbage(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut ends = wire.connection();
        let bytes = wire.random.bytes(200_000);
        wire.say(&mut ends, &bytes)?;
    }
    Ok(())
}

/// Sessions with a hole, behind which every byte looks like the beginning of a message.
fn look_alikes(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let patterns: [&[u8]; 3] = [
        &[0x44, 0, 0, 20, 0, 0x20, 0, 8, 0xaf, 1],
        &[0x04, 0, 0, 40, 0, 0x40, 0, 9, 1, 0, 0, 0, 0x27, 1, 0, 0, 0],
        &[0xc4],
    ];
    let mut turn = 0;
    while wire.written < end {
        turn += 1;
        let mut ends = wire.session()?;
        let streams: Vec<u8> = (3..900_u32).flat_map(|id| [&begin(id, 10, 8)[..], &[0xaf; 10]].concat()).collect();
        wire.say(&mut ends, &streams)?;
        // An acknowledged hole.
        ends.next[0] = ends.next[0].wrapping_add(5000);
        let bytes: Vec<u8> = patterns[turn % 3].iter().copied().cycle().take(75_000).collect();
        for part in bytes.chunks(20_000) {
            wire.say(&mut ends, part)?;
            wire.send(&mut ends, Side::Server, tcp::ACK, &[])?;
        }
    }
    Ok(())
}

/// Packets as long as send offload never leaves them, full of messages of one byte.
fn large_packets(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    // A small capture has more than one of them as well.
    let bytes = [0xc4, 0xaf].repeat(if end - wire.written < 50_000_000 { 25_000 } else { 4_000_000 });
    while wire.written < end {
        let mut ends = wire.session()?;
        wire.say(&mut ends, &[&begin(4, 1, 8)[..], &[0xaf]].concat())?;
        // An IPv4 header of length 0 leaves the length to the frame.
        let mut frame = Packet {
            time: Time(wire.time),
            from: Side::Client,
            source: (
                [10, (ends.number >> 20) as u8, (ends.number >> 12) as u8, (ends.number >> 4) as u8],
                40_000 + (ends.number & 15) as u16,
            )
                .into(),
            destination: ([192, 0, 2, 1], 1935).into(),
            sequence: ends.next[0],
            acknowledgement: ends.next[1],
            flags: tcp::ACK,
            window: 65_535,
            window_scale: None,
            identification: 0,
            payload: bytes.clone(),
        }
        .frame();
        frame[16..18].fill(0);
        wire.frame(&frame)?;
    }
    Ok(())
}

/// Sessions in which both sides begin a thousand messages and have a byte of each; none is ever finished.
fn unfinished(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let begun: Vec<u8> = (64..1064).flat_map(|id| [&begin(id, 2, 18)[..], &[2]].concat()).collect();
    while wire.written < end {
        let mut ends = wire.session()?;
        wire.answer(&mut ends)?;
        let mut chunks = ChunkWriter::default();
        chunks.set_chunk_size(1);
        let bytes = [&chunks.take()[..], &begun].concat();
        for from in Side::BOTH {
            for payload in bytes.chunks(15_000) {
                wire.send(&mut ends, from, tcp::ACK, payload)?;
            }
        }
    }
    Ok(())
}

/// The same of clients that then say that they have said all.
fn half_closed(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let begun: Vec<u8> = (64..1064).flat_map(|id| [&begin(id, 200, 9)[..], &[0; 128]].concat()).collect();
    while wire.written < end {
        let mut ends = wire.session()?;
        wire.say(&mut ends, &begun)?;
        wire.send(&mut ends, Side::Client, tcp::ACK | tcp::FIN, &[])?;
    }
    Ok(())
}

/// More chunk streams than are followed, and then headers without end.
fn too_many_streams(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut ends = wire.session()?;
        let mut chunks = ChunkWriter::default();
        chunks.set_chunk_size(200);
        let bytes = chunks.take();
        wire.say(&mut ends, &bytes)?;
        let start = wire.written;
        for id in 64..65_599_u32 {
            wire.say(&mut ends, &[&begin(id, 0xffff, 9)[..], &[0; 200]].concat())?;
            if wire.written >= end || wire.written > start + 6_000_000 {
                break;
            }
        }
    }
    Ok(())
}

/// A thousand chunk streams, and then messages that prove a place, each with a header behind it that cannot be one.
fn lost_again(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let frame = |id: u32| [&begin(id, 10, 8)[..], &[0xaf, 1, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
    let streams: Vec<u8> = (4..1000).flat_map(frame).collect();
    let turn = [&frame(4)[..], &frame(5), &frame(6), &frame(7), &[0xbf]].concat();
    while wire.written < end {
        let mut ends = wire.session()?;
        wire.say(&mut ends, &streams)?;
        for _ in 0..8 {
            if wire.written < end {
                wire.say(&mut ends, &turn.repeat(16))?;
            }
        }
    }
    Ok(())
}

/// Connections joined in the middle, of bytes that look like the beginnings of messages; some in packets of a few bytes.
fn joined_look_alikes(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let patterns: [&[u8]; 3] = [
        &[0x44, 0, 0, 20, 0, 0x20, 0, 8, 0xaf, 1],
        &[0x04, 0, 0, 40, 0, 0x40, 0, 9, 1, 0, 0, 0, 0x27, 1, 0, 0, 0],
        &[0xc4, 0x84, 0x44],
    ];
    let mut turn = 0;
    while wire.written < end {
        turn += 1;
        let mut ends = wire.connection();
        let bytes: Vec<u8> = patterns[turn % 3].iter().copied().cycle().take(66_000).collect();
        for payload in bytes.chunks(if turn % 2 == 0 { 1460 } else { 40 }) {
            wire.send(&mut ends, Side::Client, tcp::ACK, payload)?;
        }
    }
    Ok(())
}

/// Short sessions, of a handshake and of bytes in which every place looks like a message's beginning; behind a hole, or behind a
/// header that cannot be one.
fn short_look_alikes(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let patterns: [&[u8]; 4] = [
        &[0x44, 0, 0, 20, 0, 0, 1, 8, 0xaf],
        &[0x04, 0, 0, 40, 0, 0x40, 0, 9, 1, 0, 0, 0, 0x27, 1, 0, 0, 0],
        &[0x04, 0, 0, 0, 0, 0, 2, 8, 1, 0, 0, 0, 0xaf, 1, 0xc4, 0xaf, 1],
        &[0xc4, 0x84, 0x44],
    ];
    let mut turn = 0;
    while wire.written < end {
        turn += 1;
        let mut ends = wire.session()?;
        wire.say(&mut ends, &[&begin(4, 10, 8)[..], &[0xaf; 10]].concat())?;
        if turn % 2 == 0 {
            ends.next[0] = ends.next[0].wrapping_add(5000);
        } else {
            wire.say(&mut ends, &[0xbf])?;
        }
        let bytes: Vec<u8> = patterns[turn / 2 % 4].iter().copied().cycle().take(2900).collect();
        wire.say(&mut ends, &bytes)?;
        wire.send(&mut ends, Side::Client, tcp::ACK | tcp::FIN, &[])?;
    }
    Ok(())
}

/// Segments of ten bytes in reverse order, and then ones that lie across all of them.
fn backwards(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut ends = wire.session()?;
        for _ in 0..20 {
            let start = ends.next[0];
            for place in (1..2000_u32).rev() {
                ends.next[0] = start.wrapping_add(20 * place);
                wire.send(&mut ends, Side::Client, tcp::ACK, &[0; 10])?;
            }
            for place in (1..20_u32).rev() {
                ends.next[0] = start.wrapping_add(2000 * place);
                wire.send(&mut ends, Side::Client, tcp::ACK, &[0; 4000])?;
            }
            ends.next[0] = start.wrapping_add(50_000);
        }
    }
    Ok(())
}

/// IP packets in fragments of eight bytes that do not meet, each sent twice.
fn small_fragments(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let mut number = 0_u16;
    while wire.written < end {
        number = number.wrapping_add(1);
        for place in (0..4000_u16).rev().step_by(2).flat_map(|place| [place, place]) {
            let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 28];
            frame.extend(number.to_be_bytes());
            frame.extend((0x2000 | place).to_be_bytes());
            frame.extend([64, 6, 0, 0, 10, 9, 9, 1, 192, 0, 2, 1]);
            frame.extend([0; 8]);
            wire.frame(&frame)?;
        }
    }
    Ok(())
}

/// IP packets in fragments of eight bytes, of which the first one that came was the last and was cut by a snap length: it is
/// known where the packet ends, and nothing but looking at all of them tells whether it is whole.
fn cut_fragments(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let mut number = 0_u16;
    while wire.written < end {
        number = number.wrapping_add(1);
        let header = |more: u16, place: u16, length: u16| {
            let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
            frame.extend((20 + length).to_be_bytes());
            frame.extend(number.to_be_bytes());
            frame.extend((more | place).to_be_bytes());
            frame.extend([64, 6, 0, 0, 10, 9, 9, 2, 192, 0, 2, 1]);
            frame
        };
        wire.cut_frame(&header(0, 8, 60_000), 34 + 60_000)?;
        for place in (10..7000_u16).rev().step_by(2) {
            wire.frame(&[&header(0x2000, place, 8)[..], &[0; 8]].concat())?;
            if wire.written >= end {
                break;
            }
        }
    }
    Ok(())
}

/// Handshakes that break off behind C1, where every place looks like the first chunk.
fn odd_handshakes(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let patterns: [&[u8]; 2] =
        [&[0x44, 0, 0, 20, 0, 0, 1, 8, 0xaf], &[0x04, 0, 0, 0, 0, 0, 2, 8, 1, 0, 0, 0, 0xaf, 1, 0xc4, 0xaf, 1]];
    let mut turn = 0;
    while wire.written < end {
        turn += 1;
        let mut ends = wire.connection();
        wire.send(&mut ends, Side::Client, tcp::SYN, &[])?;
        wire.send(&mut ends, Side::Server, tcp::SYN | tcp::ACK, &[])?;
        let (block, answer) = (opening(0, 1), opening(0, 2));
        wire.say(&mut ends, &[&[3], &block[..]].concat())?;
        wire.send(&mut ends, Side::Server, tcp::ACK, &[&[3], &answer[..]].concat())?;
        let bytes: Vec<u8> = patterns[turn % 2].iter().copied().cycle().take(4000).collect();
        for payload in bytes.chunks(64) {
            wire.send(&mut ends, Side::Client, tcp::ACK, payload)?;
        }
    }
    Ok(())
}

/// Many secrets, and then many short texts in which each of them may stand.
fn masked(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let texts = Amf::StrictArray(vec!["aaaaaaaa".into(); 6000]);
    let call = values(&["call".into(), 1.into(), Amf::Null, texts]);
    while wire.written < end {
        let mut ends = wire.session()?;
        let mut chunks = ChunkWriter::default();
        chunks.set_chunk_size(65_536);
        for number in 0..60_u32 {
            let name = format!("aaaaaaa{number}?key=aaaaaa{number}");
            let publish = values(&["publish".into(), number.into(), Amf::Null, name.as_str().into()]);
            chunks.message(&Message::new(3, 20, 1, 0, publish));
        }
        for _ in 0..4 {
            chunks.message(&Message::new(3, 20, 0, 0, call.clone()));
        }
        let bytes = chunks.take();
        wire.say(&mut ends, &bytes)?;
    }
    Ok(())
}

/// Requests without number, and statuses that belong to none of them.
fn statuses(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut ends = wire.session()?;
        wire.answer(&mut ends)?;
        for turn in 0..300_u32 {
            let mut chunks = [ChunkWriter::default(), ChunkWriter::default()];
            for number in 0..20 {
                let number = 20 * turn + number;
                let name = format!("n{number}");
                let publish = values(&["publish".into(), number.into(), Amf::Null, name.as_str().into()]);
                chunks[0].message(&Message::new(3, 20, number % 2000, 0, publish));
                let information = Amf::Object(vec![("code".into(), "NetStream.Play.Reset".into())]);
                let status = values(&["onStatus".into(), 0.into(), Amf::Null, information]);
                chunks[1].message(&Message::new(5, 20, number % 1999, 0, status));
            }
            for from in Side::BOTH {
                let bytes = chunks[from.index()].take();
                for payload in bytes.chunks(1460) {
                    wire.send(&mut ends, from, tcp::ACK, payload)?;
                }
            }
            if wire.written >= end {
                break;
            }
        }
    }
    Ok(())
}

/// Interfaces of a capture, each with options, and sections in between.
fn interfaces(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let mut body = vec![1, 0, 0, 0, 0, 0, 4, 0];
    for _ in 0..16 {
        body.extend([2, 0, 8, 0]);
        body.extend(b"ethernet");
    }
    body.extend([9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
    let section = [&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat();
    while wire.written < end {
        for _ in 0..60_000 {
            if wire.written < end {
                wire.out.block(1, &body)?;
                wire.written += 12 + body.len() as u64;
            }
        }
        wire.out.block(0x0a0d_0d0a, &section)?;
        wire.out.interface(Resolution::Decimal(9))?;
    }
    Ok(())
}
