//! Sessions at work, by their own numbers.

use std::cmp::Reverse;

use crate::limits::Limits;
use crate::net::{Datagram, Delivery, How};
use crate::proto::stream::{Awaited, Consumer, Sink};
use crate::wire::{IdMap, Moment, Side, map_bytes};

/// The sessions that are open.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    open: IdMap<u32, Open>,
    /// What all of them keep.
    bytes: usize,
}

#[derive(Debug)]
struct Open {
    consumer: Box<dyn Consumer>,
    /// What it kept when it was told something last.
    held: usize,
    /// It may come to wait for datagrams, and has not yet.
    may_wait: bool,
}

impl Open {
    /// Counts what it keeps now.
    fn count(&mut self, all: &mut usize) {
        *all -= std::mem::replace(&mut self.held, self.consumer.held());
        *all += self.held;
    }
}

impl Sessions {
    pub(super) fn open(&mut self, number: u32, consumer: Box<dyn Consumer>) {
        let held = consumer.held();
        self.bytes += held;
        let may_wait = consumer.takes_datagrams();
        self.open.insert(number, Open { consumer, held, may_wait });
    }

    /// Tells a session something, and sees to it that all of them together do not keep too much. Gives whether it may wait for
    /// datagrams now.
    pub(super) fn tell(
        &mut self,
        number: u32,
        from: Side,
        delivery: &Delivery<'_>,
        limits: &Limits,
        out: &mut Sink<'_>,
    ) -> bool {
        let Some(session) = self.open.get_mut(&number) else { return false };
        session.consumer.take(from, delivery, out);
        session.count(&mut self.bytes);
        let may_wait = session.may_wait;
        if self.bytes > limits.session_bytes_total
            && let Delivery::Bytes { at, .. } | Delivery::Gap { at, .. } | Delivery::Close { at, .. } = *delivery
        {
            self.shed(at, limits.session_bytes_total, out);
        }
        may_wait
    }

    /// The same with a datagram.
    pub(super) fn tell_datagram(
        &mut self,
        number: u32,
        from: Side,
        datagram: &Datagram<'_>,
        at: Moment,
        limits: &Limits,
        out: &mut Sink<'_>,
    ) {
        let Some(session) = self.open.get_mut(&number) else { return };
        session.consumer.datagram(from, datagram, at, out);
        session.count(&mut self.bytes);
        if self.bytes > limits.session_bytes_total {
            self.shed(at, limits.session_bytes_total, out);
        }
    }

    /// The host of a side says that nobody listens for a session's datagrams there.
    pub(super) fn tell_unreachable(&mut self, number: u32, from: Side, at: Moment, out: &mut Sink<'_>) {
        if let Some(session) = self.open.get_mut(&number) {
            session.consumer.unreachable(from, at, out);
        }
    }

    /// No more datagrams of a session come.
    pub(super) fn finish(&mut self, number: u32, how: How, at: Moment, out: &mut Sink<'_>) {
        if let Some(session) = self.open.get_mut(&number) {
            session.consumer.finish(how, at, out);
        }
    }

    /// The datagrams that a session waits for.
    pub(super) fn awaited(&mut self, number: u32) -> Option<Awaited> {
        let session = self.open.get_mut(&number)?;
        let awaited = session.consumer.awaited();
        session.may_wait = awaited.as_ref().is_none_or(|awaited| awaited.port.is_none());
        awaited
    }

    /// Whether a session said its last word.
    pub(super) fn is_over(&self, number: u32) -> bool {
        self.open.get(&number).is_none_or(|open| open.consumer.is_over())
    }

    /// A session is over. Gives how much looking it did.
    pub(super) fn end(&mut self, number: u32) -> u64 {
        let Some(gone) = self.open.remove(&number) else { return 0 };
        self.bytes -= gone.held;
        gone.consumer.work()
    }

    /// What all of them keep that [`Consumer::shed`] gives up.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes of memory that they take.
    pub(super) fn memory(&self) -> usize {
        let sessions = self.open.values().map(|open| open.consumer.own() + open.consumer.held());
        map_bytes(&self.open) + sessions.sum::<usize>()
    }

    /// How much looking they did so far.
    pub(super) fn work(&self) -> u64 {
        self.open.values().map(|open| open.consumer.work()).sum()
    }

    /// Those that keep most lose it, until a quarter of what all may keep is free.
    fn shed(&mut self, at: Moment, most: usize, out: &mut Sink<'_>) {
        let mut sessions: Vec<_> = self.open.iter().map(|(number, open)| (Reverse(open.held), *number)).collect();
        sessions.sort_unstable();
        for (_, number) in sessions {
            if self.bytes <= most / 4 * 3 {
                return;
            }
            let Some(session) = self.open.get_mut(&number) else { continue };
            out.reached.session_bytes_total += 1;
            session.consumer.shed(at, out);
            session.count(&mut self.bytes);
        }
    }
}
