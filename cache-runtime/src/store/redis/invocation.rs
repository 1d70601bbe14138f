//! A script that is called: its keys and arguments, in whatever order they are given, written as they go over the wire.

use super::faults::of_command;
use super::names::{Place, write_bytes, write_count};
use super::reply::value;
use super::wire::Line;
use redis::{ErrorKind, FromRedisValue, RedisResult, Script, ServerErrorKind, from_redis_value};

/// The redis crate has one as well, which allocates for every argument.
pub(super) struct Invocation<'s> {
    script: &'s Script,
    keys: Words,
    args: Words,
}

/// What follows the name of a command, word by word.
struct Words {
    bytes: Vec<u8>,
    count: usize,
}

/// A number that stands in sixteen hex digits, as epochs, fences and writers do on the server.
pub(super) struct Hex(pub(super) u64);

/// What can be an argument.
pub(super) trait Word {
    fn write(&self, out: &mut Vec<u8>);
}

impl<'s> Invocation<'s> {
    pub(super) fn of(script: &'s Script) -> Self {
        let words = |len_bytes| Words { bytes: Vec::with_capacity(len_bytes), count: 0 };
        Self { script, keys: words(256), args: words(384) }
    }

    pub(super) fn key(&mut self, key: Place<'_>) -> &mut Self {
        self.keys([key])
    }

    pub(super) fn keys<'p>(&mut self, keys: impl IntoIterator<Item = Place<'p>>) -> &mut Self {
        for key in keys {
            key.write(&mut self.keys.bytes);
            self.keys.count += 1;
        }
        self
    }

    pub(super) fn arg(&mut self, arg: impl Word) -> &mut Self {
        arg.write(&mut self.args.bytes);
        self.args.count += 1;
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
        let Self { script, keys, args } = self;
        write_count(out, b'*', 3 + keys.count + args.count);
        out.extend_from_slice(b"$7\r\nEVALSHA\r\n");
        write_bytes(out, script.get_hash().as_bytes());
        (keys.count as u64).write(out);
        out.extend_from_slice(&keys.bytes);
        out.extend_from_slice(&args.bytes);
    }
}

impl Word for &str {
    fn write(&self, out: &mut Vec<u8>) {
        write_bytes(out, self.as_bytes());
    }
}

impl Word for &[u8] {
    fn write(&self, out: &mut Vec<u8>) {
        write_bytes(out, self);
    }
}

impl Word for u64 {
    fn write(&self, out: &mut Vec<u8>) {
        write_bytes(out, itoa::Buffer::new().format(*self).as_bytes());
    }
}

impl Word for Hex {
    fn write(&self, out: &mut Vec<u8>) {
        let digit = |at: u32| b"0123456789abcdef"[(self.0 >> (60 - 4 * at)) as usize % 16];
        write_bytes(out, &std::array::from_fn::<u8, 16, _>(|at| digit(at as u32)));
    }
}
