//! A script that is called: its keys and arguments, in whatever order they are given.

use super::faults::of_command;
use super::names::{write_bytes, write_count};
use super::reply::value;
use super::wire::Line;
use redis::{Arg, Cmd, ErrorKind, FromRedisValue, RedisResult, Script, ServerErrorKind, ToRedisArgs, from_redis_value};

/// The redis crate has one as well, which allocates for every argument.
pub(super) struct Invocation<'s> {
    script: &'s Script,
    keys: Cmd,
    args: Cmd,
}

impl<'s> Invocation<'s> {
    pub(super) fn of(script: &'s Script) -> Self {
        Self { script, keys: Cmd::with_capacity(8, 512), args: Cmd::with_capacity(8, 256) }
    }

    pub(super) fn key(&mut self, key: impl ToRedisArgs) -> &mut Self {
        self.keys.arg(key);
        self
    }

    pub(super) fn arg(&mut self, arg: impl ToRedisArgs) -> &mut Self {
        self.args.arg(arg);
        self
    }

    /// Calls the script by its hash. A server that does not know it is told it first.
    pub(super) async fn invoke<T: FromRedisValue>(&self, line: &Line) -> RedisResult<T> {
        let answer = match self.call(line).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                Box::pin(self.script.prepare_invoke().load_async(&mut line.clone())).await?;
                self.call(line).await
            }
            answer => answer,
        };
        answer.map_err(of_command)
    }

    async fn call<T: FromRedisValue>(&self, line: &Line) -> RedisResult<T> {
        let answer = line.ask(1, |out| self.write(out)).await?;
        Ok(from_redis_value(value(&answer)?.extract_error()?)?)
    }

    fn write(&self, out: &mut Vec<u8>) {
        let keys = self.keys.args_iter().count();
        write_count(out, b'*', 3 + keys + self.args.args_iter().count());
        write_bytes(out, b"EVALSHA");
        write_bytes(out, self.script.get_hash().as_bytes());
        write_bytes(out, keys.to_string().as_bytes());
        for arg in self.keys.args_iter().chain(self.args.args_iter()) {
            if let Arg::Simple(bytes) = arg {
                write_bytes(out, bytes);
            }
        }
    }
}
