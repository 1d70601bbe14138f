//! The nodes of a row: this program, started again for each of them.

use crate::args;
use crate::node::{Plan, QUIET, READY, Tally};
use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// How long a node may take to end. It gives its tasks less.
const LAST_WORDS: Duration = Duration::from_secs(60);

/// A running node. Dropped, it is killed.
pub(crate) struct Peer {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// A library to be loaded first, and where it reads how far the clock is to be off.
#[derive(Clone, Debug)]
pub(crate) struct Skew {
    pub(crate) library: PathBuf,
    pub(crate) file: PathBuf,
}

impl Peer {
    /// Starts a node and waits until its cache is ready.
    pub(crate) fn start(plan: &Plan, skew: Option<&Skew>) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(args::of_node(plan)?).stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some(skew) = skew {
            command.env("LD_PRELOAD", &skew.library).env("FAKETIME_TIMESTAMP_FILE", &skew.file);
            // Clocks that jump are wall clocks: the monotonic one goes on as it is.
            command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        let mut child = command.spawn().context("a node cannot be started")?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("its output is piped")?);
        let mut peer = Self { child, input, output };
        match peer.line()?.as_str() {
            READY => Ok(peer),
            said => bail!("node {} said `{said}` instead of `{READY}`", plan.node),
        }
    }

    /// Has its tasks begin.
    pub(crate) fn begin(&mut self) -> anyhow::Result<()> {
        self.tell()
    }

    /// Has its tasks end; [`Peer::quiet`] waits until they have.
    pub(crate) fn end(&mut self) -> anyhow::Result<()> {
        self.tell()
    }

    pub(crate) fn quiet(&mut self) -> anyhow::Result<()> {
        let _guard = self.killed_after(LAST_WORDS)?;
        match self.line()?.as_str() {
            QUIET => Ok(()),
            said => bail!("a node said `{said}` instead of `{QUIET}`"),
        }
    }

    fn tell(&mut self) -> anyhow::Result<()> {
        let input = self.input.as_mut().context("it has not been ended")?;
        Ok(input.write_all(b"!").and_then(|()| input.flush())?)
    }

    /// Stops it as it stands, whatever it is doing.
    pub(crate) fn stop(&self) -> anyhow::Result<()> {
        Ok(kill_process(self.pid()?, Signal::STOP)?)
    }

    pub(crate) fn resume(&self) -> anyhow::Result<()> {
        Ok(kill_process(self.pid()?, Signal::CONT)?)
    }

    /// Has it look at every row for the last time, and tell what it counted.
    pub(crate) fn finish(mut self) -> anyhow::Result<Tally> {
        self.input = None;
        let guard = self.killed_after(LAST_WORDS)?;
        let said = self.line()?;
        drop(guard);
        let status = self.child.wait()?;
        if !status.success() {
            bail!("a node ended with {status}");
        }
        serde_json::from_str(&said).with_context(|| format!("a node said `{said}`"))
    }

    /// A cache that is stuck may not keep us for ever: kills the node after so long, unless what is returned is dropped
    /// before.
    fn killed_after(&self, patience: Duration) -> anyhow::Result<mpsc::Sender<()>> {
        let (pid, (guard, dropped)) = (self.pid()?, mpsc::channel());
        // This ends with what it waits for.
        std::thread::spawn(move || {
            if dropped.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        Ok(guard)
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    fn pid(&self) -> anyhow::Result<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("a child has a pid")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Also if it is stopped, and without harm if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
