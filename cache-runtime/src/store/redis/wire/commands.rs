//! The connection as the redis crate asks for it, which writes commands and reads what scripts answer.

use super::super::reply::{Scan, value};
use super::Line;
use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisFuture, Value};

impl ConnectionLike for Line {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move { value(&self.ask(1, |out| command.write_packed_command(out)).await?) })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            let asked = self.ask(offset + count, |out| out.extend_from_slice(&pipeline.get_packed_pipeline()));
            let mut answers = asked.await?;
            let mut values = Vec::with_capacity(count);
            for at in 0..offset + count {
                let end = Scan::of(1).end(&answers).ok().flatten().unwrap_or(answers.len());
                let answer = answers.split_to(end);
                if at >= offset {
                    values.push(value(&answer)?);
                }
            }
            Ok(values)
        })
    }

    /// Nobody is told: who logs in chooses it.
    fn get_db(&self) -> i64 {
        0
    }
}
