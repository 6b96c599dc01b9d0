//! `--amf`, `--payload` and `--text`: messages of their own, and the timeline.

use std::io::{self, Write};
use std::path::PathBuf;

use super::folder::Folder;
use crate::analyzer::Totals;
use crate::cli::target::Target;
use crate::export::json::JsonWriter;
use crate::export::text::TextWriter;
use crate::export::{Counts, Writer};
use crate::extract::{Shelf, safe};
use crate::inspection::Told;
use crate::limits::Limits;
use crate::proto::Event;
use crate::proto::rtmp::Body;
use crate::wire::Time;

/// Writes every command and data message as JSON, and its bytes beside.
pub(super) struct Values {
    folder: Folder,
    /// Messages of which files are made.
    most: usize,
    written: u64,
    missed: u64,
}

impl Values {
    pub(super) fn new(folder: Folder, limits: &Limits) -> Values {
        Values { folder, most: limits.extracted_messages, written: 0, missed: 0 }
    }

    pub(super) fn take(&mut self, told: &Told<'_>) -> io::Result<()> {
        let Event::Message(message) = told.event else { return Ok(()) };
        if !matches!(message.body, Body::Command(_) | Body::Data(_)) {
            return Ok(());
        }
        if self.written >= self.most as u64 {
            self.missed += 1;
            return Ok(());
        }
        let shown = told.masks.message(message);
        let (kind, name) = match &shown.body {
            Body::Command(command) => ("command", command.name.as_str()),
            Body::Data(data) => ("data", data.handler()),
            _ => return Ok(()),
        };
        let name = safe(name);
        let dash = if name.is_empty() { "" } else { "-" };
        let base = format!("{:06}-session-{}-{kind}{dash}{name}", message.n, message.session);
        let mut json = JsonWriter::new(Vec::new(), false);
        json.event(told.event, told.story, told.masks)?;
        let before = self.folder.finished();
        for (ending, bytes) in [("json", &json.into_inner()[..]), ("amf", &shown.payload[..])] {
            let file = self.folder.begin(&format!("{base}.{ending}"))?;
            self.folder.write(file, bytes)?;
            self.folder.finish(file)?;
        }
        self.written += u64::from(self.folder.finished() == before + 2);
        Ok(())
    }

    pub(super) fn folder(&mut self) -> &mut Folder {
        &mut self.folder
    }

    /// Messages that are in files, and those that there were too many of.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.written, self.missed)
    }
}

/// Writes one message's payload.
pub(super) struct Payload {
    pub(super) n: u64,
    pub(super) target: Target,
    /// Its bytes, once it was there.
    pub(super) written: Option<u64>,
    /// Secrets in it were overwritten.
    pub(super) is_masked: bool,
}

impl Payload {
    pub(super) fn take(&mut self, told: &Told<'_>) -> io::Result<()> {
        if told.event.n() != Some(self.n) {
            return Ok(());
        }
        let bytes = match told.event {
            Event::Message(message) => {
                let shown = told.masks.message(message);
                self.is_masked = shown.is_masked();
                shown.payload.clone()
            }
            event if told.masks.reveal => event.payload().cloned().unwrap_or_default(),
            event => {
                let (masked, own) = (event.masked().payload().cloned().unwrap_or_default(), event.payload());
                self.is_masked = own != Some(&masked);
                masked
            }
        };
        self.written = Some(bytes.len() as u64);
        self.target.write_all(&bytes)
    }
}

/// Writes the timeline.
pub(super) struct Text {
    writer: TextWriter<Target>,
    counts: Counts,
}

impl Text {
    pub(super) fn new(out: Target) -> Text {
        Text { writer: TextWriter::new(out, false), counts: Counts::default() }
    }

    pub(super) fn begin(&mut self, captures: &[PathBuf], start: Option<Time>) -> io::Result<()> {
        self.writer.begin(captures, start)
    }

    pub(super) fn take(&mut self, told: &Told<'_>) -> io::Result<()> {
        let Told { event, findings, story, masks, .. } = told;
        self.writer.event(event, story, masks)?;
        for finding in findings {
            self.counts.add(finding);
            self.writer.finding(finding, masks)?;
        }
        match event {
            Event::Close(close) if close.last => self.writer.over(close.session),
            _ => Ok(()),
        }
    }

    /// Ends it. Gives where it was written to.
    pub(super) fn finish(mut self, totals: &Totals) -> io::Result<Target> {
        self.writer.close()?;
        self.writer.end(totals, self.counts)?;
        Ok(self.writer.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Input;
    use crate::inspection::{Inspection, Options};
    use crate::synth::{Link, pcap, sample};

    #[test]
    fn messages_without_end_are_bounded() {
        let mut file = Vec::new();
        pcap::write(&mut file, &Link::v4().packets(&sample::publish(1))).unwrap();
        let input = Input::from_reader("conversation", io::Cursor::new(file)).unwrap();
        let mut inspection = Inspection::of(input, &Options::default());
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path(), false, &[], &[]).unwrap();
        let mut values = Values::new(folder, &Limits { extracted_messages: 2, ..Limits::DEFAULT });
        while let Some(told) = inspection.next() {
            values.take(&told.unwrap()).unwrap();
        }
        let (written, missed) = values.counts();
        assert_eq!((written, values.folder().finished(), missed > 3), (2, 4, true), "{missed}");
    }
}
