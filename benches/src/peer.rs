//! Other processes of a case: this program, started again. It is told what to do by lines and answers by lines, and times
//! are of a clock that all processes of a machine share.

use anyhow::{Context, bail};
use rustix::time::{ClockId, clock_gettime};
use std::env::current_exe;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A moment of the machine.
pub(crate) fn now_ns() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

/// A process that was started. Dropped, it is killed.
pub(crate) struct Peer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts one in a part that [`args`](crate::args) knows, and waits until it is ready.
    pub(crate) fn start(part: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(current_exe()?);
        command.arg("peer").args(part).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("another process cannot be started")?;
        let input = child.stdin.take().context("its input is piped")?;
        let output = BufReader::new(child.stdout.take().context("its output is piped")?);
        let mut peer = Self { child, input, output };
        match peer.hear()?.as_str() {
            "ready" => Ok(peer),
            said => bail!("`{}` said `{said}` instead of `ready`", part.join(" ")),
        }
    }

    pub(crate) fn tell(&mut self, line: &str) -> anyhow::Result<()> {
        Ok(writeln!(self.input, "{line}").and_then(|()| self.input.flush())?)
    }

    pub(crate) fn hear(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    /// The numbers of its next line.
    pub(crate) fn numbers(&mut self) -> anyhow::Result<Vec<u64>> {
        let line = self.hear()?;
        let numbers: Result<_, _> = line.split(' ').map(str::parse).collect();
        numbers.with_context(|| format!("`{line}` should be numbers"))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _it_has_ended = self.child.kill();
        let _it_has_ended = self.child.wait();
    }
}

/// Says a line to whoever started this process.
pub(crate) fn say(line: &str) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    Ok(writeln!(output, "{line}").and_then(|()| output.flush())?)
}

/// The next line that this process is told; none when it is to end.
pub(crate) fn told() -> anyhow::Result<Option<String>> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim_end().to_owned()))
}
