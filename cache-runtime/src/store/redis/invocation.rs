//! A script that is called: its keys and arguments, in whatever order they are given.

use super::faults::of_command;
use super::wire::Line;
use redis::{Arg, Cmd, ErrorKind, FromRedisValue, RedisResult, Script, ServerErrorKind, ToRedisArgs};

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
    pub(super) async fn invoke<T: FromRedisValue>(&self, connection: &mut Line) -> RedisResult<T> {
        let command = self.command();
        let answer = match command.query_async(connection).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                Box::pin(self.script.prepare_invoke().load_async(connection)).await?;
                command.query_async(connection).await
            }
            answer => answer,
        };
        answer.map_err(of_command)
    }

    fn command(&self) -> Cmd {
        let mut command = Cmd::with_capacity(20, 1_024);
        command.arg("EVALSHA").arg(self.script.get_hash()).arg(self.keys.args_iter().count());
        for arg in self.keys.args_iter().chain(self.args.args_iter()) {
            if let Arg::Simple(bytes) = arg {
                command.arg(bytes);
            }
        }
        command
    }
}
