use crate::proto::rtmp::{Body, Message, MessageType, parts};
use crate::wire::{Moment, Side};

/// Clocks that are remembered. A stream has one a kind and track.
const REMEMBERED: usize = 256;

/// The media clocks of a session: when the last frame of each kind was, by its sender, message stream and track. A seek, a
/// pause, a switch or any other command or status on a stream sets its clocks anew.
#[derive(Clone, Debug, Default)]
pub struct Clocks {
    clocks: Vec<Clock>,
}

#[derive(Clone, Copy, Debug)]
struct Clock {
    from: Side,
    message_stream_id: u32,
    frame: Frame,
    at: Moment,
}

/// An audio or video frame's place in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Frame {
    kind: MessageType,
    track: u8,
    /// In ms; it wraps at 2^32.
    time: u32,
}

/// From one frame of a clock to the next.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub kind: MessageType,
    /// 0 where there are no tracks.
    pub track: u8,
    /// In ms; they wrap at 2^32.
    pub before: u32,
    pub now: u32,
    /// When the frame before was captured, and when this one was.
    pub times: [Moment; 2],
}

impl Step {
    /// In ms: negative when the clock went back.
    pub fn media(&self) -> i64 {
        i64::from(self.now.wrapping_sub(self.before) as i32)
    }

    /// In ms of capture time.
    pub fn wall(&self) -> i64 {
        self.times[1].time.since(self.times[0].time) / 1_000_000
    }

    /// What moves, in words.
    pub fn what(&self, message: &Message) -> String {
        let kind = self.kind.name().unwrap_or("media");
        let stream = message.head.message_stream_id;
        match self.track {
            0 => format!("{kind} on message stream {stream}"),
            track => format!("{kind} of track {track} on message stream {stream}"),
        }
    }
}

impl Clocks {
    /// Bytes of memory that it takes.
    pub(crate) fn held(&self) -> usize {
        self.clocks.capacity() * size_of::<Clock>()
    }

    /// The steps that a message's frames make, in order, each from the frame before it.
    pub fn steps(&self, message: &Message, mut step: impl FnMut(Step)) {
        // Of an aggregate, the last frame of each kind.
        let mut inside: [Option<Frame>; 2] = [None; 2];
        frames(message, |frame| {
            let place = usize::from(frame.kind == MessageType::VIDEO);
            let earlier = inside[place].filter(|earlier| earlier.track == frame.track);
            let (before, at) = match (earlier, self.of(message, frame)) {
                (Some(earlier), _) => (earlier.time, message.head.last),
                (None, Some(clock)) => (clock.frame.time, clock.at),
                (None, None) => {
                    inside[place] = Some(frame);
                    return;
                }
            };
            inside[place] = Some(frame);
            let Frame { kind, track, time } = frame;
            step(Step { kind, track, before, now: time, times: [at, message.head.last] });
        });
    }

    fn of(&self, message: &Message, frame: Frame) -> Option<&Clock> {
        self.clocks.iter().find(|clock| clock.is_of(message, frame))
    }

    pub(super) fn learn(&mut self, message: &Message) {
        let stream = message.head.message_stream_id;
        match &message.body {
            Body::Audio(_) | Body::Video(_) | Body::Aggregate(_) => {
                let clocks = &mut self.clocks;
                frames(message, |frame| {
                    let (from, message_stream_id, at) = (message.from, stream, message.head.last);
                    let now = Clock { from, message_stream_id, frame, at };
                    if let Some(clock) = clocks.iter_mut().find(|clock| clock.is_of(message, frame)) {
                        *clock = now;
                    } else if clocks.len() < REMEMBERED {
                        clocks.push(now);
                    }
                });
            }
            Body::Command(command) if !command.is_answer() => self.reset(Some(stream).filter(|stream| *stream != 0)),
            Body::UserControl(control) => {
                if let Some(stream) = control.stream_id {
                    self.reset(Some(stream));
                }
            }
            Body::Data(data) if matches!(data.name.as_str(), "onStatus" | "onPlayStatus") => self.reset(Some(stream)),
            _ => {}
        }
    }

    /// Forgets the clocks of a message stream, or all.
    fn reset(&mut self, stream: Option<u32>) {
        self.clocks.retain(|clock| stream.is_some_and(|stream| clock.message_stream_id != stream));
    }
}

impl Clock {
    fn is_of(&self, message: &Message, frame: Frame) -> bool {
        self.from == message.from
            && self.message_stream_id == message.head.message_stream_id
            && self.frame.kind == frame.kind
            && self.frame.track == frame.track
    }
}

/// The frames of a message whose time is known. Configurations are none: many senders give them time 0 wherever they stand.
fn frames(message: &Message, mut found: impl FnMut(Frame)) {
    parts(message, |spot, part| {
        if let Some(time) = spot.time.filter(|_| part.is_frame()) {
            found(Frame { kind: part.kind(), track: spot.track, time });
        }
    });
}
