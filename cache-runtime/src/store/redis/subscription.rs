//! A connection of a listener's own: it subscribes to channels, and is read by whoever listens.
//!
//! What arrives is given out where it is read. By way of the redis crate it would come through a task of its own and a queue
//! between them, and be parsed into values of every kind first; a message then costs several times as much, on every node.

use super::faults::no_answer;
use super::frame::{Broken, Frame};
use bytes::{Buf, BytesMut};
use redis::{Cmd, RedisConnectionInfo, RedisError, RedisResult, cmd, parse_redis_value};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};

/// How often the server is asked whether it is still there, and how long it may take to say so.
pub(crate) const PING: Duration = Duration::from_secs(3);

/// How much is read at once, unless a message is longer.
const READ_BYTES: usize = 8 << 10;

/// What a connection is made of.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

/// A connection that has subscribed.
pub(crate) struct Subscription {
    inbound: Inbound,
    /// Ends when the server is silent. Kept over the calls of `next`, which may each be shorter than a ping takes.
    silence: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Subscription {
    /// Logs in and subscribes; what is published from the answer on is heard.
    pub(super) async fn open(
        settings: &RedisConnectionInfo,
        stream: Box<dyn Duplex>,
        channels: &[&String],
    ) -> RedisResult<Self> {
        let (read, mut sink) = split(stream);
        let mut inbound = Inbound { read, buffer: BytesMut::with_capacity(READ_BYTES), frames: Arc::default() };
        if let Some(password) = settings.password() {
            let mut login = cmd("AUTH");
            if let Some(user) = settings.username() {
                login.arg(user);
            }
            send(&mut sink, login.arg(password)).await?;
            inbound.confirmed().await?;
        }
        send(&mut sink, cmd("SUBSCRIBE").arg(channels)).await?;
        for _ in channels {
            inbound.confirmed().await?;
        }
        let frames = inbound.frames.clone();
        Ok(Self { inbound, silence: Box::pin(silence(sink, frames)) })
    }

    /// The next message: `read` is given its channel and what was published there. Dropping the future loses none.
    pub(crate) async fn next<T>(&mut self, read: impl Fn(&[u8], &[u8]) -> T) -> RedisResult<T> {
        loop {
            let frame = tokio::select! {
                biased;
                frame = self.inbound.frame() => frame?,
                () = self.silence.as_mut() => return Err(no_answer(PING)),
            };
            // What is none answers a ping.
            let message = frame.message(&self.inbound.buffer).map(|(channel, payload)| read(channel, payload));
            self.inbound.buffer.advance(frame.len_bytes);
            if let Some(message) = message {
                return Ok(message);
            }
        }
    }
}

async fn send(sink: &mut WriteHalf<Box<dyn Duplex>>, command: &Cmd) -> io::Result<()> {
    sink.write_all(&command.get_packed_command()).await?;
    sink.flush().await
}

/// Ends when nothing came between a ping and the next: a peer that vanished without a word would be listened to for ever.
async fn silence(mut sink: WriteHalf<Box<dyn Duplex>>, frames: Arc<AtomicU64>) {
    let ping = cmd("PING");
    loop {
        let before = frames.load(Ordering::Relaxed);
        if !matches!(tokio::time::timeout(PING, send(&mut sink, &ping)).await, Ok(Ok(()))) {
            return;
        }
        tokio::time::sleep(PING).await;
        if frames.load(Ordering::Relaxed) == before {
            return;
        }
    }
}

/// What has arrived and was not given out yet.
struct Inbound {
    read: ReadHalf<Box<dyn Duplex>>,
    buffer: BytesMut,
    /// How many frames came.
    frames: Arc<AtomicU64>,
}

impl Inbound {
    /// The next frame, which is whole at the buffer's beginning and stays there. Dropping the future loses nothing.
    async fn frame(&mut self) -> RedisResult<Frame> {
        loop {
            match Frame::at_head(&self.buffer) {
                Ok(Some(frame)) => {
                    self.frames.fetch_add(1, Ordering::Relaxed);
                    return Ok(frame);
                }
                Ok(None) => {}
                Err(Broken) => return Err(self.said()),
            }
            self.buffer.reserve(READ_BYTES);
            if self.read.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended").into());
            }
        }
    }

    /// Waits for the answer to a command, and takes it.
    async fn confirmed(&mut self) -> RedisResult<()> {
        let frame = self.frame().await?;
        let answer = parse_redis_value(&self.buffer[..frame.len_bytes])?;
        self.buffer.advance(frame.len_bytes);
        answer.extract_error().map(drop)
    }

    /// What is no frame; without its text, in which there may be names.
    fn said(&self) -> RedisError {
        let (first, count) = (self.buffer.first().copied().unwrap_or_default(), self.buffer.len());
        let problem = format!("what came is no message: {count} bytes that begin with {:?}", char::from(first));
        io::Error::new(io::ErrorKind::InvalidData, problem).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{DuplexStream, duplex};

    const CONFIRMED: &[u8] = b"*3\r\n$9\r\nsubscribe\r\n$2\r\nch\r\n:1\r\n";
    const MESSAGE: &[u8] = b"*3\r\n$7\r\nmessage\r\n$2\r\nch\r\n$5\r\nhello\r\n";
    const PONG: &[u8] = b"*2\r\n$4\r\npong\r\n$0\r\n\r\n";

    /// What a server says at once, and the other end of the connection.
    async fn subscribed(settings: RedisConnectionInfo, said: &[u8]) -> (RedisResult<Subscription>, DuplexStream) {
        let (ours, mut theirs) = duplex(4_096);
        theirs.write_all(said).await.expect("there is room");
        (Subscription::open(&settings, Box::new(ours), &[&"ch".to_owned()]).await, theirs)
    }

    async fn next(subscription: &mut Subscription) -> RedisResult<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        subscription.next(|channel, payload| (text(channel), text(payload))).await
    }

    #[tokio::test]
    async fn it_logs_in_before_it_subscribes() {
        let settings = RedisConnectionInfo::default().set_username("me").set_password("secret");
        let (subscribed, mut theirs) = subscribed(settings, &[b"+OK\r\n", CONFIRMED].concat()).await;
        subscribed.expect("it was let in");
        let mut asked = vec![0; 256];
        let len = theirs.read(&mut asked).await.expect("it asked");
        let expected = "*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$6\r\nsecret\r\n*2\r\n$9\r\nSUBSCRIBE\r\n$2\r\nch\r\n";
        assert!(String::from_utf8_lossy(&asked[..len]).starts_with(expected));
    }

    #[tokio::test]
    async fn who_is_not_let_in_is_told_why() {
        let settings = RedisConnectionInfo::default().set_password("wrong");
        let (subscribed, _theirs) = subscribed(settings, b"-WRONGPASS invalid password\r\n").await;
        assert_eq!(subscribed.err().expect("refused").code(), Some("WRONGPASS"));
    }

    #[tokio::test]
    async fn messages_come_in_whatever_pieces_and_one_that_is_waited_for_in_vain_is_not_lost() {
        let (subscription, mut theirs) = subscribed(RedisConnectionInfo::default(), CONFIRMED).await;
        let mut subscription = subscription.expect("subscribed");
        let all = [PONG, MESSAGE, MESSAGE].concat();
        let (one, other) = all.split_at(PONG.len() + MESSAGE.len() / 2);
        theirs.write_all(one).await.expect("there is room");
        let in_vain = tokio::time::timeout(Duration::from_millis(20), next(&mut subscription));
        assert!(in_vain.await.is_err(), "half of it has come");
        theirs.write_all(other).await.expect("there is room");
        for _ in 0..2 {
            assert_eq!(next(&mut subscription).await.expect("heard"), ("ch".to_owned(), "hello".to_owned()));
        }
        drop(theirs);
        assert!(next(&mut subscription).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_says_nothing_is_given_up_and_one_that_answers_is_not() {
        let (subscription, mut theirs) = subscribed(RedisConnectionInfo::default(), CONFIRMED).await;
        let mut subscription = subscription.expect("subscribed");
        let answers = tokio::spawn(async move {
            for _ in 0..10 {
                theirs.write_all(PONG).await.expect("there is room");
                tokio::time::sleep(PING).await;
            }
            theirs.write_all(MESSAGE).await.expect("there is room");
            theirs
        });
        next(&mut subscription).await.expect("heard after half a minute");
        let _silent = answers.await.expect("no panic");
        let given_up = tokio::time::timeout(PING * 3, next(&mut subscription)).await.expect("by then");
        assert!(given_up.is_err());
    }
}
