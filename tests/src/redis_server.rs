//! A real `redis-server` for a test, on a port of its own, that keeps nothing on disk.
//!
//! `REDIS_SERVER` names another program than the one of the `PATH`: another version, or a `valkey-server`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a server may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a sentinel says of a command that it does not know.
const NO_QUIT: &str = "-ERR unknown command 'QUIT'";

/// Where `SAVE` writes, and what a server loads when it starts.
const SNAPSHOT: &str = "dump.rdb";

/// A running server; dropping it kills it and removes what it left.
pub struct RedisServer {
    port: u16,
    options: Vec<String>,
    directory: PathBuf,
    running: Option<Running>,
}

/// A shell that runs the server and kills it when our end of its input closes: also if the test is killed, also if the
/// server is a static, which is never dropped.
struct Running {
    shell: Child,
    pid: String,
}

const SHELL: &str = r#"
server=$1; directory=$2; shift 2
mkdir -p "$directory"
: > "$directory/redis.conf"
"$server" "$directory/redis.conf" --dir "$directory" "$@" >/dev/null 2>&1 &
echo $!
read -r _
kill -9 $! 2>/dev/null; wait $! 2>/dev/null
rm -rf "$directory"
"#;

impl RedisServer {
    /// Starts a server and waits until it answers.
    ///
    /// # Panics
    /// If `redis-server` is not installed or does not start.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with options of `redis-server`, such as `["--requirepass", "secret"]`.
    ///
    /// # Panics
    /// If `redis-server` is not installed or does not start.
    pub fn start_with(options: &[&str]) -> Self {
        assert!(
            Command::new(program()).arg("--version").stdout(Stdio::null()).status().is_ok(),
            "{} is not there, and these tests start one: apt-get install redis-server, or say REDIS_SERVER=/path/to/one",
            program()
        );
        for _ in 0..50 {
            // Another process may take the port before the server does.
            let mut server = Self::on(free_port(), options);
            if server.run() {
                return server;
            }
        }
        panic!(
            "redis-server started on none of 50 ports; try it by hand: redis-server --port 7777 {}",
            options.join(" ")
        );
    }

    /// A port that nothing listens on, for a server that is to come up later.
    pub fn unused_port() -> u16 {
        free_port()
    }

    /// The same for a node of a cluster, which talks to the others on the port ten thousand above: it is none of those that
    /// the kernel gives to who connects.
    pub fn unused_port_of_node() -> u16 {
        loop {
            let port = free_port();
            if port < 22_000 && is_free(port + 10_000) {
                return port;
            }
        }
    }

    /// Starts a server on a port.
    ///
    /// # Panics
    /// If `redis-server` is not installed or does not get the port.
    pub fn start_at(port: u16) -> Self {
        let mut server = Self::on(port, &[]);
        assert!(server.run(), "redis-server did not start on port {port}");
        server
    }

    /// `redis://127.0.0.1:…`
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its unix socket.
    pub fn socket(&self) -> PathBuf {
        self.directory.join("socket")
    }

    /// Whether it was started and not killed.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Ends it as `kill -9` does.
    pub fn kill(&mut self) {
        self.running = None;
        until("the server ends", || TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err());
    }

    /// Ends it and starts another on the same port, with nothing in it.
    pub fn restart_empty(&mut self) {
        self.kill();
        assert!(self.run(), "redis-server did not start again on port {}", self.port);
    }

    /// What it holds, as `SAVE` writes it.
    ///
    /// # Panics
    /// If it cannot be saved.
    pub fn snapshot(&self) -> Vec<u8> {
        let said = self.command(&["SAVE"]);
        assert_eq!(said, "+OK", "redis-server saves what it holds");
        std::fs::read(self.directory.join(SNAPSHOT)).expect("it has saved what it holds")
    }

    /// Kills it and starts another on the same port, with what a snapshot holds.
    ///
    /// # Panics
    /// If the new one does not start.
    pub fn restart_from(&mut self, snapshot: &[u8]) {
        self.kill();
        let saved = std::fs::create_dir_all(&self.directory);
        let saved = saved.and_then(|()| std::fs::write(self.directory.join(SNAPSHOT), snapshot));
        saved.expect("its directory can be written");
        assert!(self.run(), "redis-server did not start again on port {}", self.port);
    }

    /// Stops it as it stands; its port still accepts connections.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    /// Sends a command on a connection of its own and returns the answer as it came, without its last line end.
    ///
    /// # Panics
    /// If there is no answer.
    pub fn command(&self, words: &[&str]) -> String {
        self.ask(words).expect("the server answers")
    }

    /// How often each command was called, by its lower-case name, this one not counted.
    pub fn calls(&self) -> Vec<(String, u64)> {
        let stats = self.command(&["INFO", "commandstats"]);
        let lines = stats.lines().filter_map(|line| line.strip_prefix("cmdstat_")?.split_once(":calls="));
        lines
            .map(|(name, rest)| {
                (name.to_owned(), rest.split(',').next().and_then(|calls| calls.parse().ok()).unwrap_or(0))
            })
            .collect()
    }

    fn on(port: u16, options: &[&str]) -> Self {
        let directory = std::env::temp_dir().join(format!("cache-tests-redis-{}-{port}", std::process::id()));
        Self { port, options: options.iter().map(|option| (*option).to_owned()).collect(), directory, running: None }
    }

    /// Runs the server, and says whether it is that one which answers now.
    fn run(&mut self) -> bool {
        let mut shell = Command::new("sh")
            .args(["-c", SHELL, "sh", &program()])
            .arg(&self.directory)
            .args([
                "--port",
                &self.port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
                "--unixsocket",
            ])
            .arg(self.socket())
            .args(&self.options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell can be run");
        let mut pid = String::new();
        let said = shell.stdout.take().expect("its output is piped");
        BufReader::new(said).read_line(&mut pid).expect("the shell tells the server's pid");
        let pid = pid.trim().to_owned();
        self.running = Some(Running { shell, pid: pid.clone() });
        let began = Instant::now();
        while is_alive(&pid) && began.elapsed() < PATIENCE {
            match self.ask(&["INFO", "server"]) {
                Some(said) if said.starts_with("-NOAUTH") => return true,
                Some(said) => return said.lines().any(|line| line == format!("process_id:{pid}")),
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        }
        self.running = None;
        false
    }

    fn signal(&self, signal: &str) {
        let running = self.running.as_ref().expect("the server runs");
        let sent = Command::new("kill").args([signal, &running.pid]).status();
        assert!(sent.is_ok_and(|status| status.success()), "the server can be signalled");
    }

    fn ask(&self, words: &[&str]) -> Option<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        // So that the end of the answer is the end of the connection. Our end stays open until then: whoever waits within a
        // command, as `CLUSTER SETSLOT` of Valkey does for its replicas, is given up by a server that sees it close.
        request.push_str("*1\r\n$4\r\nQUIT\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let (mut answer, mut piece) = (Vec::new(), [0; 4 << 10]);
        // A sentinel does not know QUIT, and would go on listening.
        while !String::from_utf8_lossy(&answer).contains(NO_QUIT) {
            match stream.read(&mut piece).ok()? {
                0 => break,
                length => answer.extend_from_slice(&piece[..length]),
            }
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let answer = answer.strip_suffix("+OK\r\n").or_else(|| answer.split(NO_QUIT).next());
        Some(answer.unwrap_or_default().trim_end().to_owned()).filter(|answer| !answer.is_empty())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // The shell ends by itself as soon as it has killed the server; waiting leaves no zombie.
        let _ = self.shell.wait();
    }
}

/// The server that is started.
fn program() -> String {
    std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned())
}

/// A port below those that the system gives to outgoing connections, so that none takes it while a server restarts.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(131);
    loop {
        let port = 18_000 + start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 14_000;
        let port = u16::try_from(port).expect("32,000 is a port");
        if is_free(port) {
            return port;
        }
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Whether a process runs: not ended, and not merely remembered by the shell.
fn is_alive(pid: &str) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", pid]).output();
    state.is_ok_and(|state| state.stdout.first().is_some_and(|letter| *letter != b'Z'))
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
