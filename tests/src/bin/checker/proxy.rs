//! A wire that can be cut, laid elsewhere, or held: bytes that are held arrive late, and nobody is told.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A port of the loopback that leads to another. Its threads end with their connections; dropping it cuts these.
pub(crate) struct Proxy {
    port: u16,
    wire: Arc<Wire>,
}

struct Wire {
    target: AtomicU16,
    is_held: AtomicBool,
    is_gone: AtomicBool,
    connections: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    pub(crate) fn to(target: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let wire = Arc::new(Wire {
            target: AtomicU16::new(target),
            is_held: AtomicBool::new(false),
            is_gone: AtomicBool::new(false),
            connections: Mutex::default(),
        });
        let accepting = wire.clone();
        std::thread::spawn(move || accepting.accept(&listener));
        Ok(Self { port, wire })
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// From now on nothing passes, in either direction.
    pub(crate) fn hold(&self) {
        self.wire.is_held.store(true, Ordering::SeqCst);
    }

    /// What was held arrives.
    pub(crate) fn release(&self) {
        self.wire.is_held.store(false, Ordering::SeqCst);
    }

    /// Leads elsewhere, and cuts what led to where it led before.
    pub(crate) fn lead_to(&self, target: u16) {
        self.wire.target.store(target, Ordering::SeqCst);
        self.wire.cut();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.wire.is_gone.store(true, Ordering::SeqCst);
        self.release();
        self.wire.cut();
        // The listener looks up when somebody comes.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

impl Wire {
    fn accept(self: Arc<Self>, listener: &TcpListener) {
        while let Ok((client, _)) = listener.accept() {
            if self.is_gone.load(Ordering::SeqCst) {
                return;
            }
            // A server that is not there looks as if it hung up.
            let _ = self.join(client);
        }
    }

    fn join(self: &Arc<Self>, client: TcpStream) -> std::io::Result<()> {
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, self.target.load(Ordering::SeqCst)))?;
        for stream in [&client, &server] {
            stream.set_nodelay(true)?;
        }
        let pairs = [(client.try_clone()?, server.try_clone()?), (server.try_clone()?, client.try_clone()?)];
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).extend([client, server]);
        for (from, to) in pairs {
            let wire = self.clone();
            std::thread::spawn(move || wire.carry(from, to));
        }
        Ok(())
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut bytes = [0; 16 << 10];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            while self.is_held.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(1));
            }
            if to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }

    fn cut(&self) {
        for stream in self.connections.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
