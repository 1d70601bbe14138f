//! A wire that can be cut, laid elsewhere, slowed down or held: bytes that are held arrive late, and nobody is told.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How a client asks to be told.
const SUBSCRIBE: &[u8] = b"SUBSCRIBE\r\n";

/// A port of the loopback that leads to another. Its threads end with their connections; dropping it cuts these.
pub struct Proxy {
    port: u16,
    wire: Arc<Wire>,
}

struct Wire {
    target: AtomicU16,
    is_held: AtomicBool,
    delay_ms: AtomicU64,
    is_dripping: AtomicBool,
    is_torn: AtomicBool,
    is_deaf: AtomicBool,
    is_gone: AtomicBool,
    /// From where nothing passes.
    held_from: Mutex<Vec<IpAddr>>,
    connections: Mutex<Vec<TcpStream>>,
}

/// What is known of a connection.
struct Line {
    from: IpAddr,
    /// Whether it has subscribed to a channel.
    listens: AtomicBool,
}

impl Proxy {
    /// A wire to a port of the loopback.
    ///
    /// # Errors
    /// If no port can be had.
    pub fn to(target: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let wire = Arc::new(Wire {
            target: AtomicU16::new(target),
            is_held: AtomicBool::new(false),
            delay_ms: AtomicU64::new(0),
            is_dripping: AtomicBool::new(false),
            is_torn: AtomicBool::new(false),
            is_deaf: AtomicBool::new(false),
            is_gone: AtomicBool::new(false),
            held_from: Mutex::default(),
            connections: Mutex::default(),
        });
        let accepting = wire.clone();
        std::thread::spawn(move || accepting.accept(&listener));
        Ok(Self { port, wire })
    }

    /// The port of its own end.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `redis://127.0.0.1:…`, its own end.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// From now on nothing passes, in either direction.
    pub fn hold(&self) {
        self.wire.is_held.store(true, Ordering::SeqCst);
    }

    /// What was held arrives.
    pub fn release(&self) {
        self.wire.is_held.store(false, Ordering::SeqCst);
    }

    /// From now on nothing passes on connections from an address.
    pub fn hold_from(&self, from: IpAddr) {
        self.wire.held_from().push(from);
    }

    /// What was held of that arrives.
    pub fn release_from(&self, from: IpAddr) {
        self.wire.held_from().retain(|held| *held != from);
    }

    /// From now on, or no longer, nothing passes on connections that have subscribed to something.
    pub fn deafen(&self, deafens: bool) {
        self.wire.is_deaf.store(deafens, Ordering::SeqCst);
    }

    /// Each piece arrives so much later, from now on.
    pub fn delay(&self, by: Duration) {
        self.wire.delay_ms.store(by.as_millis() as u64, Ordering::SeqCst);
    }

    /// From now on, or no longer, bytes arrive one by one, with 2 ms between them.
    pub fn drip(&self, drips: bool) {
        self.wire.is_dripping.store(drips, Ordering::SeqCst);
    }

    /// From now on, or no longer, connections break in the middle of an answer.
    pub fn tear(&self, tears: bool) {
        self.wire.is_torn.store(tears, Ordering::SeqCst);
    }

    /// Cuts what there is.
    pub fn cut(&self) {
        self.wire.cut();
    }

    /// Leads elsewhere, and cuts what led to where it led before.
    pub fn lead_to(&self, target: u16) {
        self.wire.target.store(target, Ordering::SeqCst);
        self.wire.cut();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.wire.is_gone.store(true, Ordering::SeqCst);
        self.release();
        self.deafen(false);
        self.wire.held_from().clear();
        self.wire.cut();
        // The listener looks up when somebody comes.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

impl Wire {
    fn accept(self: Arc<Self>, listener: &TcpListener) {
        while let Ok((client, from)) = listener.accept() {
            if self.is_gone.load(Ordering::SeqCst) {
                return;
            }
            // A server that is not there looks as if it hung up.
            let _ = self.join(client, from.ip());
        }
    }

    fn join(self: &Arc<Self>, client: TcpStream, from: IpAddr) -> std::io::Result<()> {
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, self.target.load(Ordering::SeqCst)))?;
        for stream in [&client, &server] {
            stream.set_nodelay(true)?;
        }
        let pairs = [(client.try_clone()?, server.try_clone()?), (server.try_clone()?, client.try_clone()?)];
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).extend([client, server]);
        let line = Arc::new(Line { from, listens: AtomicBool::new(false) });
        for ((from, to), is_answer) in pairs.into_iter().zip([false, true]) {
            let (wire, line) = (self.clone(), line.clone());
            std::thread::spawn(move || wire.carry(from, to, &line, is_answer));
        }
        Ok(())
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream, line: &Line, is_answer: bool) {
        let mut bytes = [0; 16 << 10];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            if !is_answer && bytes[..length].windows(SUBSCRIBE.len()).any(|word| word == SUBSCRIBE) {
                line.listens.store(true, Ordering::SeqCst);
            }
            std::thread::sleep(Duration::from_millis(self.delay_ms.load(Ordering::SeqCst)));
            while self.holds(line) {
                std::thread::sleep(Duration::from_millis(1));
            }
            let tears = is_answer && self.is_torn.load(Ordering::SeqCst);
            let passes = if tears { length / 2 } else { length };
            if self.pass(&mut to, &bytes[..passes]).is_err() || tears {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }

    fn holds(&self, line: &Line) -> bool {
        self.is_held.load(Ordering::SeqCst)
            || (self.is_deaf.load(Ordering::SeqCst) && line.listens.load(Ordering::SeqCst))
            || self.held_from().contains(&line.from)
    }

    fn held_from(&self) -> MutexGuard<'_, Vec<IpAddr>> {
        self.held_from.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass(&self, to: &mut TcpStream, mut bytes: &[u8]) -> std::io::Result<()> {
        while let (true, Some((first, rest))) = (self.is_dripping.load(Ordering::SeqCst), bytes.split_first()) {
            to.write_all(std::slice::from_ref(first))?;
            std::thread::sleep(Duration::from_millis(2));
            bytes = rest;
        }
        to.write_all(bytes)
    }

    fn cut(&self) {
        for stream in self.connections.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
