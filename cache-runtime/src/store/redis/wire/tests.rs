//! What is asked at once is answered in turn, whoever gives up, and whatever pieces the answers come in.

use super::super::names::Names;
use super::super::reply::Scan;
use super::*;
use crate::key::Dependency;
use crate::stamp::Partition;
use redis::{cmd, parse_redis_value, pipe};
use std::pin::Pin;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split};
use tokio::task::JoinHandle;

/// A line, its driver, and the other end.
fn open(capacity: usize) -> (Line, JoinHandle<()>, DuplexStream) {
    let (ours, theirs) = duplex(capacity);
    let (source, sink) = split(ours);
    let (line, driver) = line(Box::new(source), Box::new(sink));
    (line, tokio::spawn(driver), theirs)
}

async fn echo(line: &Line, text: &str) -> RedisResult<String> {
    cmd("ECHO").arg(text).query_async(&mut line.clone()).await
}

/// The first word behind each command, as the server sees them.
async fn heard(theirs: &mut DuplexStream, count: usize) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let mut bytes = &all[..];
        let mut texts = Vec::new();
        while let Ok(Some(end)) = Scan::of(1).end(bytes) {
            let asked: Vec<String> =
                redis::from_redis_value(parse_redis_value(&bytes[..end]).expect("a command")).expect("words");
            texts.push(asked[1].clone());
            bytes = &bytes[end..];
        }
        if texts.len() == count {
            return texts;
        }
        assert!(theirs.read_buf(&mut all).await.expect("it asks") > 0);
    }
}

fn answer(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

#[tokio::test]
async fn many_at_once_get_each_its_own_answer_in_whatever_pieces() {
    let (line, _driver, mut theirs) = open(64);
    let texts: Vec<String> = (0..100).map(|at| format!("{at}:{}", "x".repeat(at * 7))).collect();
    let server = tokio::spawn(async move {
        let mut asked = heard(&mut theirs, 100).await;
        let all: String = asked.iter().map(|text| answer(text)).collect();
        for piece in all.as_bytes().chunks(13) {
            theirs.write_all(piece).await.expect("it is read");
        }
        asked.sort();
        (asked, theirs)
    });
    let answers = futures_util::future::join_all(texts.iter().map(|text| echo(&line, text))).await;
    assert_eq!(answers.into_iter().map(|text| text.expect("answered")).collect::<Vec<_>>(), texts);
    let (asked, _open) = server.await.expect("no panic");
    assert_eq!(asked.len(), 100);
}

#[tokio::test]
async fn who_gives_up_leaves_nobody_with_another_answer() {
    let (line, _driver, mut theirs) = open(4_096);
    for round in 0..50 {
        let given_up = tokio::time::timeout(Duration::ZERO, echo(&line, "given up"));
        assert!(given_up.await.is_err());
        let (asking, own) = (line.clone(), round.to_string());
        let waits = tokio::spawn(async move { echo(&asking, &own).await });
        assert_eq!(heard(&mut theirs, 2).await[0], "given up");
        let both = answer("given up") + &answer(&round.to_string());
        theirs.write_all(both.as_bytes()).await.expect("it is read");
        assert_eq!(waits.await.expect("no panic").expect("answered"), round.to_string());
        assert!(line.lock().is_idle(), "nothing is kept of those who are gone");
    }
}

#[tokio::test]
async fn a_connection_that_ends_ends_all_that_wait_and_all_that_come() {
    let (line, driver, theirs) = open(4_096);
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let line = line.clone();
            tokio::spawn(async move { echo(&line, "x").await })
        })
        .collect();
    tokio::task::yield_now().await;
    drop(theirs);
    for waits in waiting {
        assert!(waits.await.expect("no panic").expect_err("no answer").is_io_error());
    }
    driver.await.expect("it ended by itself");
    assert!(echo(&line, "x").await.expect_err("it has ended").is_io_error());
}

#[tokio::test]
async fn a_driver_that_is_gone_leaves_nobody_waiting() {
    let (line, driver, _theirs) = open(4_096);
    let asking = line.clone();
    let waits = tokio::spawn(async move { echo(&asking, "x").await });
    tokio::task::yield_now().await;
    driver.abort();
    assert!(waits.await.expect("no panic").expect_err("no answer").is_io_error());
}

#[tokio::test]
async fn what_nobody_asked_for_and_what_is_no_answer_end_the_connection() {
    for said in [&b"+OK\r\n"[..], b"HTTP/1.1 400 Bad Request\r\n", b"$5\r\nhelloworld"] {
        let (line, driver, mut theirs) = open(4_096);
        let asked = line.clone();
        let asks = said[0] != b'+';
        let waits = tokio::spawn(async move { if asks { echo(&asked, "x").await.err() } else { None } });
        tokio::task::yield_now().await;
        theirs.write_all(said).await.expect("it is read");
        driver.await.expect("it ended by itself");
        assert_eq!(waits.await.expect("no panic").is_some_and(|error| error.is_io_error()), asks);
        assert!(echo(&line, "y").await.expect_err("it has ended").is_io_error());
    }
}

#[tokio::test]
async fn who_was_answered_before_it_ended_has_the_answer() {
    let (line, driver, mut theirs) = open(4_096);
    let ask = |text: &'static str| {
        let line = line.clone();
        tokio::spawn(async move { echo(&line, text).await })
    };
    let (first, second) = (ask("a"), ask("b"));
    heard(&mut theirs, 2).await;
    theirs.write_all(format!("{}HTTP/1.1 400", answer("a")).as_bytes()).await.expect("it is read");
    driver.await.expect("it ended by itself");
    assert_eq!(first.await.expect("no panic").expect("it was answered"), "a");
    assert!(second.await.expect("no panic").expect_err("it was not").is_io_error());
}

#[tokio::test]
async fn half_a_question_that_a_panic_left_behind_is_not_sent() {
    let (line, _driver, mut theirs) = open(4_096);
    let asking = line.clone();
    let broken = tokio::spawn(async move {
        asking
            .ask(1, |out| {
                out.extend_from_slice(b"*2\r\n$4\r\nECHO");
                panic!("as a question might");
            })
            .await
    });
    assert!(broken.await.is_err());
    let asked = tokio::spawn(async move { echo(&line, "whole").await });
    assert_eq!(heard(&mut theirs, 1).await, ["whole"]);
    theirs.write_all(answer("whole").as_bytes()).await.expect("it is read");
    assert_eq!(asked.await.expect("no panic").expect("it is answered"), "whole");
}

#[tokio::test]
async fn a_pipeline_has_an_answer_a_command_and_an_error_is_in_its_place() {
    let (line, _driver, mut theirs) = open(4_096);
    let asking = line.clone();
    let asked = tokio::spawn(async move {
        let mut both = pipe();
        both.cmd("ECHO").arg("a").cmd("ECHO").arg("b");
        both.query_async::<(String, String)>(&mut asking.clone()).await
    });
    heard(&mut theirs, 2).await;
    theirs.write_all(b"$1\r\na\r\n+b\r\n").await.expect("it is read");
    assert_eq!(asked.await.expect("no panic").expect("answered"), ("a".to_owned(), "b".to_owned()));

    let asking = line.clone();
    let refused = tokio::spawn(async move { echo(&asking, "x").await });
    heard(&mut theirs, 1).await;
    theirs.write_all(b"-READONLY no\r\n").await.expect("it is read");
    assert_eq!(refused.await.expect("no panic").expect_err("refused").code(), Some("READONLY"));
}

/// A command, as the server sees it, whole.
async fn command(theirs: &mut DuplexStream) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        if let Ok(Some(end)) = Scan::of(1).end(&all) {
            assert_eq!(end, all.len(), "one command and no more");
            return redis::from_redis_value(parse_redis_value(&all).expect("a command")).expect("words");
        }
        assert!(theirs.read_buf(&mut all).await.expect("it asks") > 0);
    }
}

/// What all are told, and what each: asked for the meta and for the generations of these, in a task.
fn look(
    line: &Line,
    namespace: &'static str,
    of: &[&str],
    is_shared: bool,
) -> JoinHandle<RedisResult<(String, String)>> {
    let of: Vec<Dependency> = of.iter().map(|of| Dependency::new(namespace, format!("tag:{of}"), 100)).collect();
    let line = line.clone();
    tokio::spawn(async move {
        let names = Names::new(namespace, Partition(0));
        let (shared, generations) = (is_shared.then_some(names.prefix()), of.iter().map(|of| names.generation(of)));
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).expect("it is text");
        line.look(shared, names.meta(), generations).await.map(|answer| (text(answer.common), text(answer.own)))
    })
}

/// What is answered of a meta and a generation that are absent.
const NOTHING: &[u8] = b"*2\r\n$-1\r\n$-1\r\n";

/// A line on which something is under way, so that what is asked next waits for the driver.
async fn busy() -> (Line, JoinHandle<()>, DuplexStream) {
    let (line, driver, mut theirs) = open(1 << 20);
    let busy = look(&line, "busy", &["x"], true);
    assert_eq!(command(&mut theirs).await, ["MGET", "busy:{p0}:m", "busy:{p0}:g:tag:x"]);
    drop(busy);
    (line, driver, theirs)
}

#[tokio::test]
async fn who_looks_at_once_shares_a_command_and_has_his_own_strings() {
    let (line, _driver, mut theirs) = busy().await;
    let looks =
        [look(&line, "ns", &["a"], true), look(&line, "ns", &["b", "c"], true), look(&line, "ns", &["d"], true)];
    tokio::task::yield_now().await;
    theirs.write_all(NOTHING).await.expect("it is read");
    let names = ["MGET", "ns:{p0}:m", "ns:{p0}:g:tag:a", "ns:{p0}:g:tag:b", "ns:{p0}:g:tag:c", "ns:{p0}:g:tag:d"];
    assert_eq!(command(&mut theirs).await, names);
    for byte in b"*5\r\n$1\r\nM\r\n$1\r\nA\r\n$-1\r\n$2\r\nCC\r\n$0\r\n\r\n" {
        theirs.write_all(&[*byte]).await.expect("it is read");
        tokio::task::yield_now().await;
    }
    let [a, b, d] = looks;
    for (look, own) in [(a, "$1\r\nA\r\n"), (b, "$-1\r\n$2\r\nCC\r\n"), (d, "$0\r\n\r\n")] {
        let (common, of_its_own) = look.await.expect("no panic").expect("answered");
        assert_eq!((&common[..], &of_its_own[..]), ("$1\r\nM\r\n", own));
    }
    assert!(line.lock().is_idle(), "nothing is kept of it");
}

#[tokio::test]
async fn what_is_of_another_and_what_is_of_nothing_and_what_is_asked_between_is_not_shared() {
    let (line, _driver, mut theirs) = busy().await;
    let asking = line.clone();
    let looks = [
        look(&line, "ns", &["a"], true),
        look(&line, "other", &["b"], true),
        look(&line, "other", &["c"], false),
        look(&line, "other", &["d"], false),
        look(&line, "ns", &["e"], true),
    ];
    let between = tokio::spawn(async move { echo(&asking, "between").await });
    let last = look(&line, "ns", &["f"], true);
    tokio::task::yield_now().await;
    theirs.write_all(NOTHING).await.expect("it is read");
    let asked: Vec<_> = heard(&mut theirs, 7).await;
    let asked: Vec<_> = asked.iter().map(|name| name.split(':').next().unwrap_or_default()).collect();
    assert_eq!(asked, ["ns", "other", "other", "other", "ns", "between", "ns"]);
    let answers = "*2\r\n$1\r\nM\r\n$1\r\nv\r\n".repeat(5) + &answer("between") + "*2\r\n$1\r\nM\r\n$1\r\nv\r\n";
    theirs.write_all(answers.as_bytes()).await.expect("it is read");
    for look in looks.into_iter().chain([last]) {
        assert_eq!(look.await.expect("no panic").expect("answered").1, "$1\r\nv\r\n");
    }
    assert_eq!(between.await.expect("no panic").expect("answered"), "between");
}

#[tokio::test]
async fn all_who_share_a_command_are_refused_together_and_nobody_else() {
    let (line, _driver, mut theirs) = busy().await;
    let looks = [look(&line, "ns", &["a"], true), look(&line, "ns", &["b"], true), look(&line, "other", &["c"], true)];
    looks[1].abort();
    tokio::task::yield_now().await;
    theirs.write_all(NOTHING).await.expect("it is read");
    theirs.write_all(b"-LOADING no\r\n*2\r\n$1\r\nM\r\n$1\r\nv\r\n").await.expect("it is read");
    let [a, _, c] = looks;
    assert_eq!(a.await.expect("no panic").expect("the server's words").0, "-LOADING no\r\n");
    assert_eq!(c.await.expect("no panic").expect("answered").1, "$1\r\nv\r\n");
}

#[tokio::test]
async fn an_array_that_has_less_or_more_than_was_asked_for_ends_the_connection() {
    let (less, more) =
        (&b"*2\r\n$1\r\nM\r\n$1\r\nv\r\n"[..], &[b"*4\r\n", &b"$-1\r\n".repeat(4)[..], NOTHING].concat()[..]);
    for said in [less, more, b"*0\r\n", b"$1\r\nv\r\n"] {
        let (line, driver, mut theirs) = busy().await;
        let looks = [look(&line, "ns", &["a", "b"], true), look(&line, "other", &["c"], true)];
        tokio::task::yield_now().await;
        theirs.write_all(NOTHING).await.expect("it is read");
        theirs.write_all(said).await.expect("it is read");
        driver.await.expect("it ended by itself");
        let [_, c] = looks;
        assert!(c.await.expect("no panic").expect_err("it is nobody's").is_io_error());
    }
}

/// A server does nothing else while it answers one command.
#[tokio::test]
async fn nobody_joins_a_command_that_has_many_names() {
    let (line, _driver, mut theirs) = busy().await;
    let of: Vec<String> = (0..300).map(|at| at.to_string()).collect();
    let of: Vec<&str> = of.iter().map(String::as_str).collect();
    let looks = [look(&line, "ns", &of, true), look(&line, "ns", &of, true)];
    tokio::task::yield_now().await;
    theirs.write_all(NOTHING).await.expect("it is read");
    heard(&mut theirs, 2).await;
    let answers = ["*301\r\n", &"$-1\r\n".repeat(301)].concat().repeat(2);
    theirs.write_all(answers.as_bytes()).await.expect("it is read");
    for look in looks {
        assert_eq!(look.await.expect("no panic").expect("answered").1.len(), 300 * 5);
    }
}

/// A stream to which nothing can be written.
struct Closed;

impl AsyncWrite for Closed {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn who_cannot_write_is_told_and_so_is_the_driver() {
    let (source, _theirs) = duplex(64);
    let (line, driver) = line(Box::new(source), Box::new(Closed));
    let driver = tokio::spawn(driver);
    tokio::task::yield_now().await;
    assert!(echo(&line, "x").await.expect_err("refused").is_io_error());
    driver.await.expect("it ended by itself");
}

/// More than the other end takes at once, and than is read at once.
#[tokio::test]
async fn what_is_large_goes_through_both_ways() {
    let (line, _driver, mut theirs) = open(10_000);
    let large = "x".repeat(3 << 20);
    let text = large.clone();
    let server = tokio::spawn(async move {
        for _ in 0..2 {
            let asked = heard(&mut theirs, 1).await;
            theirs.write_all(answer(&asked[0]).as_bytes()).await.expect("it is read");
        }
        theirs
    });
    for _ in 0..2 {
        assert!(echo(&line, &text).await.expect("answered") == large);
    }
    server.await.expect("no panic");
    assert!(line.lock().is_idle(), "and what it took is given back");
}
