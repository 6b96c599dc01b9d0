//! UDP datagrams, and the flows that they make: all between two ends are one.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use foldhash::quality::RandomState;

use super::Tunnel;
use crate::wire::{Place, map_bytes};

/// A UDP datagram as it was captured.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    pub source: SocketAddr,
    pub destination: SocketAddr,
    pub payload: &'a [u8],
    /// Where the payload starts in the capture; none where it does not lie there in one piece (fragments).
    pub place: Option<Place>,
    /// Payload bytes that were on the wire but not in the capture (a snap length cut them off).
    pub cut: u32,
    /// The IP identification; 0 where there is none.
    pub identification: u16,
    /// What it was wrapped in, the outermost first.
    pub tunnels: &'a [Tunnel],
}

/// The two ends of a flow, the smaller address first.
type Ends = [SocketAddr; 2];

fn ends(a: SocketAddr, b: SocketAddr) -> Ends {
    if a <= b { [a, b] } else { [b, a] }
}

/// Something for each flow, of the last flows that were new.
#[derive(Debug)]
pub struct Flows<T> {
    known: HashMap<Ends, T, RandomState>,
    /// In the order in which they came; some are no longer there.
    order: VecDeque<Ends>,
    most: usize,
}

impl<T> Flows<T> {
    pub fn new(most: usize) -> Flows<T> {
        Flows { known: HashMap::default(), order: VecDeque::new(), most }
    }

    pub fn get_mut(&mut self, a: SocketAddr, b: SocketAddr) -> Option<&mut T> {
        self.known.get_mut(&ends(a, b))
    }

    /// Puts a new one, and gives that which has no room beside it: an old one, and if it may be so one that `is_dear` does not name.
    pub fn insert(&mut self, a: SocketAddr, b: SocketAddr, value: T, is_dear: impl Fn(&T) -> bool) -> Option<T> {
        /// Dear ones that are passed over.
        const PASSED: usize = 16;
        let ends = ends(a, b);
        if self.known.is_empty() {
            // With twice the room it is never made anew for those that went.
            self.known.reserve(2 * self.most);
        }
        let (mut gone, mut passed) = (None, 0);
        while self.known.len() >= self.most
            && let Some(oldest) = self.order.pop_front()
        {
            if passed < PASSED && self.known.get(&oldest).is_some_and(&is_dear) {
                passed += 1;
                self.order.push_back(oldest);
            } else {
                gone = self.known.remove(&oldest);
            }
        }
        if self.order.len() >= 2 * self.most.max(16) {
            let known = &self.known;
            self.order.retain(|ends| known.contains_key(ends));
        }
        if self.known.insert(ends, value).is_none() {
            self.order.push_back(ends);
        }
        gone
    }

    pub fn remove(&mut self, a: SocketAddr, b: SocketAddr) -> Option<T> {
        self.known.remove(&ends(a, b))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&Ends, &mut T)> {
        self.known.iter_mut()
    }

    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.known.values()
    }

    pub fn len(&self) -> usize {
        self.known.len()
    }

    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Bytes of memory that it takes beside itself and what the values keep.
    pub fn memory(&self) -> usize {
        map_bytes(&self.known) + self.order.capacity() * size_of::<Ends>()
    }
}
