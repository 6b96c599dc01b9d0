//! Takes packets apart down to their TCP segments and UDP datagrams, through whatever they are wrapped in.
//!
//! Each header is read by a function of its own, which says what comes next; [`Unpacker`] follows them. Each header takes
//! bytes away and the tunnels are counted, so there is an end.

use std::net::{IpAddr, SocketAddr};

use etherparse::UdpHeaderSlice;

use super::fragments::{Fragments, Lost, Origin};
use super::icmp::{self, Unreachable};
use super::layer::{Layer, Step};
use super::rest::Rest;
use super::srt::{self, Call};
use super::{Datagram, Segment, Tunnel, Unread, ethernet, gre, ip, link, mpls, ppp, tcp, udp, wireless};
use crate::capture::{LinkType, Packet};
use crate::limits::{Limits, Reached};
use crate::wire::Place;

/// What a packet holds.
#[derive(Debug)]
pub enum Unpacked<'a> {
    Segment(&'a Segment<'a>),
    /// In no tunnel's form. [`Unpacker::push`] says that such a packet was not read: that is for whoever takes the datagram to say.
    Datagram(&'a Datagram<'a>),
}

/// UDP on the way that was unpacked last: should it turn out not to be a tunnel, it is a datagram.
#[derive(Clone, Copy)]
struct Udp<'a> {
    source: IpAddr,
    destination: IpAddr,
    identification: u16,
    rest: Rest<'a>,
    /// How many tunnels are around it.
    depth: usize,
    /// Whether UDP is around what is being read, which might just as well be any bytes.
    strict: bool,
}

/// Packets → TCP segments and UDP datagrams.
pub struct Unpacker {
    fragments: Fragments,
    /// Around the packet at hand.
    tunnels: Vec<Tunnel>,
    nesting: usize,
    /// Packets in more tunnels than that.
    too_deep: u64,
    /// What the packet at hand holds of SRT.
    call: Option<Call>,
    /// What it says of a UDP port.
    unreachable: Option<Unreachable>,
}

impl Unpacker {
    pub fn new(limits: &Limits) -> Self {
        Unpacker {
            fragments: Fragments::new(limits),
            tunnels: Vec::new(),
            nesting: limits.nesting,
            too_deep: 0,
            call: None,
            unreachable: None,
        }
    }

    /// Gives the TCP segment or UDP datagram that a captured packet holds. The last fragment of an IP packet gives what all of them held
    /// together, a segment for each stretch of it that lies in one piece in the capture; the others give nothing.
    pub fn push(&mut self, packet: &Packet<'_>, out: &mut impl FnMut(Unpacked<'_>)) -> Result<(), Unread> {
        if let Some(mut segment) = plain(packet) {
            segment.place = Place { file: packet.place.file, offset: packet.place.offset + segment.place.offset };
            out(Unpacked::Segment(&segment));
            return Ok(());
        }
        self.tunnels.clear();
        let frame = Rest::new(packet.data, packet.wire_length as usize);
        let origin = Origin { at: packet.at, captured: packet.data.len() as u64, place: packet.place, runs: &[] };
        self.walk(link::start(packet.link, frame)?, &origin, out)
    }

    /// The call with SRT that the packet held which was pushed last.
    pub fn take_call(&mut self) -> Option<Call> {
        self.call.take()
    }

    /// What the packet that was pushed last says of a UDP port. That it was read is for whoever knows the port to say.
    pub fn take_unreachable(&mut self) -> Option<Unreachable> {
        self.unreachable.take()
    }

    /// No packet follows.
    pub fn finish(&mut self) {
        self.fragments.finish();
    }

    /// Fragments whose packet stayed incomplete or held nothing for us, since it was asked last.
    pub fn take_lost(&mut self) -> Lost {
        self.fragments.take_lost()
    }

    /// Packets that are kept for their fragments, and places in the queues of these.
    pub fn held(&self) -> (usize, usize) {
        self.fragments.held()
    }

    /// Bytes of memory that it takes beside itself.
    pub fn memory(&self) -> usize {
        self.fragments.memory() + self.tunnels.capacity() * size_of::<Tunnel>()
    }

    /// How often a limit was reached so far.
    pub fn reached(&self) -> Reached {
        Reached { nesting: self.too_deep, ..self.fragments.reached().clone() }
    }

    fn walk<F: FnMut(Unpacked<'_>)>(
        &mut self,
        start: Step<'_>,
        origin: &Origin<'_>,
        out: &mut F,
    ) -> Result<(), Unread> {
        let mut udp: Option<Udp<'_>> = None;
        let result = self.follow(start, &mut udp, origin, out);
        match (result, udp) {
            (Err(Unread::TooDeep), _) => {
                self.too_deep += 1;
                result
            }
            (Err(_), Some(udp)) => {
                self.datagram(&udp, origin, out);
                if udp.strict { Err(Unread::Udp) } else { result }
            }
            _ => result,
        }
    }

    /// Gives a datagram, where it is one.
    fn datagram<F: FnMut(Unpacked<'_>)>(&mut self, udp: &Udp<'_>, origin: &Origin<'_>, out: &mut F) {
        let Udp { source, destination, identification, rest, depth, .. } = *udp;
        let Ok(header) = UdpHeaderSlice::from_slice(rest.bytes) else { return };
        let Some(content) = udp::content(&header, rest) else { return };
        let (place, end) = origin.run(content.at);
        out(Unpacked::Datagram(&Datagram {
            source: SocketAddr::new(source, header.source_port()),
            destination: SocketAddr::new(destination, header.destination_port()),
            payload: content.bytes,
            place: (content.at + content.bytes.len() <= end).then_some(place),
            cut: content.length.saturating_sub(content.bytes.len()) as u32,
            identification,
            tunnels: &self.tunnels[..depth.min(self.tunnels.len())],
        }));
    }

    fn follow<'a, F: FnMut(Unpacked<'_>)>(
        &mut self,
        start: Step<'a>,
        udp: &mut Option<Udp<'a>>,
        origin: &Origin<'_>,
        out: &mut F,
    ) -> Result<(), Unread> {
        let Step(mut layer, mut rest) = start;
        loop {
            let tunnels = &mut self.tunnels;
            let next = match layer {
                Layer::Ethernet => ethernet::header(rest)?,
                Layer::EtherType(kind) => ethernet::content(kind, rest, tunnels)?,
                Layer::Llc => ethernet::llc(rest)?,
                Layer::Ppp => ppp::header(rest)?,
                Layer::Mpls => mpls::label(rest, tunnels)?,
                Layer::Gre => gre::header(rest, tunnels)?,
                Layer::Udp { source, destination, identification } => {
                    let strict = udp.is_some_and(|udp| udp.strict);
                    let udp =
                        udp.insert(Udp { source, destination, identification, rest, depth: tunnels.len(), strict });
                    let step = udp::header(rest, tunnels)?;
                    udp.strict = true;
                    step
                }
                Layer::Wireless { padded } => wireless::header(rest, padded)?,
                Layer::Aggregate => return self.aggregate(rest, origin, out),
                Layer::Ip => {
                    let packet = ip::read(rest, udp.is_some_and(|udp| udp.strict))?;
                    if let Some(fragment) = packet.fragment {
                        return self.fragment(&packet, fragment, origin, out);
                    }
                    match self.content(&packet)? {
                        Some(step) => step,
                        None => return self.give(&packet, origin, out),
                    }
                }
            };
            Step(layer, rest) = next;
            if self.tunnels.len() > self.nesting {
                return Err(Unread::TooDeep);
            }
        }
    }

    /// What is in an IP packet: something else than TCP, or nothing more, which is TCP.
    fn content<'a>(&mut self, packet: &ip::Packet<'a>) -> Result<Option<Step<'a>>, Unread> {
        let outer = if packet.source.is_ipv4() { 4 } else { 6 };
        let rest = packet.rest;
        let layer = match packet.protocol {
            6 => return Ok(None),
            17 => {
                self.call = srt::call(packet);
                Layer::Udp {
                    source: packet.source,
                    destination: packet.destination,
                    identification: packet.identification,
                }
            }
            1 | 58 => {
                self.unreachable = icmp::unreachable(packet);
                return Err(Unread::Icmp);
            }
            4 | 41 => {
                let inner = if packet.protocol == 4 { 4 } else { 6 };
                if rest.u8(0)? >> 4 != inner {
                    return Err(Unread::Malformed);
                }
                self.tunnels.push(Tunnel::Ip { inner, outer });
                Layer::Ip
            }
            47 => Layer::Gre,
            // RFC 4023.
            137 => Layer::Mpls,
            // Version 3 and a reserved part.
            97 if rest.u16(0)? == 0x3000 => {
                self.tunnels.push(Tunnel::EtherIp);
                return Ok(Some(Step(Layer::Ethernet, rest.skip(2)?)));
            }
            143 => {
                self.tunnels.push(Tunnel::EtherIp);
                Layer::Ethernet
            }
            other => return Err(Unread::OtherProtocol(other)),
        };
        Ok(Some(Step(layer, rest)))
    }

    /// The frames of an aggregate, each for itself. An error is one only if none of them can be read.
    fn aggregate<F: FnMut(Unpacked<'_>)>(
        &mut self,
        rest: Rest<'_>,
        origin: &Origin<'_>,
        out: &mut F,
    ) -> Result<(), Unread> {
        let depth = self.tunnels.len();
        let mut result = Err(Unread::Malformed);
        let mut next = Some(rest);
        while let Some(rest) = next {
            let Ok((frame, following)) = wireless::subframe(rest) else { break };
            self.tunnels.truncate(depth);
            let read = self.walk(Step(Layer::Llc, frame), origin, out);
            result = if result.is_ok() { result } else { read };
            next = following;
        }
        result
    }

    /// Takes a fragment, and if its packet is whole now, what is in that.
    fn fragment<F: FnMut(Unpacked<'_>)>(
        &mut self,
        packet: &ip::Packet<'_>,
        fragment: ip::Fragment,
        origin: &Origin<'_>,
        out: &mut F,
    ) -> Result<(), Unread> {
        let can_matter = match packet.protocol {
            4 | 6 | 17 | 41 | 47 | 51 | 97 | 137 => true,
            protocol => packet.source.is_ipv6() && !matches!(protocol, 50 | 58),
        };
        if !can_matter {
            return Err(Unread::Fragment);
        }
        let Some(whole) = self.fragments.push(packet, fragment, origin)? else { return Ok(()) };
        let rest = Rest::new(&whole.bytes, whole.length);
        let (source, destination, protocol) = (packet.source, packet.destination, whole.protocol);
        let identification = fragment.identification as u16;
        let inner = Origin { runs: &whole.runs, ..*origin };
        let packet = ip::Packet { source, destination, protocol, identification, rest, fragment: None };
        let result = self.whole(packet, &inner, out);
        self.fragments.settle(whole, result.is_ok(), origin.at.time);
        result
    }

    /// What is in a packet that was put together.
    fn whole<F: FnMut(Unpacked<'_>)>(
        &mut self,
        packet: ip::Packet<'_>,
        origin: &Origin<'_>,
        out: &mut F,
    ) -> Result<(), Unread> {
        let packet = ip::after_extensions(packet)?;
        if packet.fragment.is_some() {
            // A fragment cut into fragments: nobody may do that without taking its packet for another one.
            return Err(Unread::Malformed);
        }
        match self.content(&packet)? {
            Some(step) => self.walk(step, origin, out),
            None => self.give(&packet, origin, out),
        }
    }

    /// Gives the segment in an IP packet, in as many parts as it lies in.
    fn give<F: FnMut(Unpacked<'_>)>(
        &mut self,
        packet: &ip::Packet<'_>,
        origin: &Origin<'_>,
        out: &mut F,
    ) -> Result<(), Unread> {
        let segment = tcp::segment(packet)?;
        let (start, length) = (segment.place.offset as usize, segment.payload.len());
        let mut at = 0;
        loop {
            let (place, run_end) = origin.run(start + at);
            let until = length.min(run_end.saturating_sub(start).max(at + 1));
            let is_last = until == length;
            let mut part = Segment { tunnels: &self.tunnels, place, payload: &segment.payload[at..until], ..segment };
            if at > 0 {
                // A SYN counts as the byte before the first.
                part.sequence = segment.sequence.wrapping_add(at as u32 + u32::from(segment.flags.syn));
                part.flags.syn = false;
                part.continues = true;
            }
            if !is_last {
                part.flags.fin = false;
                part.cut = 0;
            }
            out(Unpacked::Segment(&part));
            if is_last {
                return Ok(());
            }
            at = until;
        }
    }
}

/// What nearly every packet is: Ethernet, IPv4 without options, TCP, not a fragment. Anything else takes the long way.
#[inline]
fn plain<'a>(packet: &Packet<'a>) -> Option<Segment<'a>> {
    let head = packet.data.first_chunk::<34>()?;
    let is_plain = packet.link == LinkType(1) && head[12..15] == [0x08, 0x00, 0x45] && head[23] == 6;
    if !is_plain {
        return None;
    }
    let rest = Rest::new(packet.data, packet.wire_length as usize).skip(14).ok()?;
    let ip = ip::v4(rest, false).ok()?;
    if ip.fragment.is_some() { None } else { tcp::segment(&ip).ok() }
}
