//! The certificate as a person reads it.

use std::fmt::{self, Display, Formatter};

use super::{Certificate, Divergence, Outcome};

impl Display for Certificate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let verdict = if self.reproduced { "reproduced" } else { "not reproduced" };
        writeln!(
            f,
            "replay {} of {} from step {}: {verdict}, {}",
            self.trace_id,
            self.parent_trace_id,
            self.from_step,
            self.grade.as_str()
        )?;
        writeln!(f, "  recorded  {}", self.recorded)?;
        writeln!(f, "  replayed  {}", self.replayed)?;
        writeln!(
            f,
            "  {:<12} {:>9} {:>10} {:>8}",
            "channel", "identical", "equivalent", "diverged"
        )?;
        for report in &self.channels {
            let name = report.channel.as_str();
            let (identical, equivalent) = (report.identical, report.equivalent);
            writeln!(f, "  {name:<12} {identical:>9} {equivalent:>10} {:>8}", report.diverged)?;
        }
        if !self.unasked.is_empty() {
            let told =
                self.unasked.iter().map(|it| format!("{} of {}", it.count, it.channel.as_str()));
            let told = told.collect::<Vec<_>>().join(", ");
            writeln!(f, "  left out  {told}: on the record alone there was nobody to ask")?;
        }
        match &self.first {
            None => writeln!(f, "  nothing diverged"),
            Some(first) => writeln!(f, "  first divergence  {first}"),
        }?;
        match &self.varies {
            None => Ok(()),
            Some(varies) => writeln!(f, "  first variation   {varies}"),
        }
    }
}

impl Certificate {
    /// The certificate as a text of several lines.
    pub fn to_text(&self) -> String {
        self.to_string()
    }
}

impl Display for Divergence {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let seq = |seq: Option<u64>| seq.map_or_else(|| "-".to_owned(), |seq| seq.to_string());
        let (recorded, replayed) = (seq(self.recorded_seq), seq(self.replayed_seq));
        write!(f, "{} (seq:{recorded} → {replayed}): {}", self.channel.as_str(), self.what)
    }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.status)?;
        if let Some(signature) = &self.signature {
            write!(f, " ({signature})")?;
        }
        Ok(())
    }
}
