//! TLS: whom we trust, who we say that we are, and what is said of a handshake that fails.

use crate::error::StoreError;
use redis::RedisError;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls;
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore, SignatureScheme};

/// Whom a store over TLS trusts, and by which certificate the server knows it.
///
/// Without any of it the server's certificate has to be signed by an authority that the system trusts. It is always
/// verified, and always has to be for the host that the address names.
/// The files are PEM, and read once, when the store is made.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use cache_runtime::store::redis::{RedisStore, Tls};
///
/// let tls = Tls::new().ca_file("/etc/redis/ca.pem").client_files("/etc/app/cert.pem", "/etc/app/key.pem");
/// let store = RedisStore::connect_with_tls("rediss://redis.internal:6380", &tls).await?;
/// # drop(store);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Tls {
    ca_file: Option<PathBuf>,
    client_files: Option<(PathBuf, PathBuf)>,
}

impl Tls {
    /// The authorities of the system, and no certificate of ours.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts the authorities of this file, and no others.
    pub fn ca_file(self, path: impl Into<PathBuf>) -> Self {
        Self { ca_file: Some(path.into()), ..self }
    }

    /// Shows the server this certificate, with what may follow it in its file up to an authority, and proves it by its key.
    pub fn client_files(self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { client_files: Some((certificate.into(), key.into())), ..self }
    }
}

/// Encrypts connections.
#[derive(Clone)]
pub(super) struct Connector {
    config: Arc<ClientConfig>,
    /// That a server wanted a certificate of ours, and there is none.
    unprepared: Arc<Unprepared>,
}

pub(super) type Encrypted = TlsStream<TcpStream>;

impl Connector {
    pub(super) fn of(tls: Option<&Tls>) -> Result<Self, StoreError> {
        let tls = tls.cloned().unwrap_or_default();
        let roots = match &tls.ca_file {
            Some(path) => roots_of(certificates(path)?, path)?,
            None => roots_of_the_system()?,
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(|error| wrong(error.to_string()))?.with_root_certificates(roots);
        let unprepared = Arc::<Unprepared>::default();
        let config = match &tls.client_files {
            None => config.with_client_cert_resolver(unprepared.clone()),
            Some((certificate, key)) => {
                let chain = certificates(certificate)?;
                let secret =
                    PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, "private key", error))?;
                let of_both = || format!("`{}` and `{}`", certificate.display(), key.display());
                let paired = config.with_client_auth_cert(chain, secret);
                paired.map_err(|error| wrong(format!("{} are not a certificate and its key: {error}", of_both())))?
            }
        };
        Ok(Self { config: Arc::new(config), unprepared })
    }

    /// The handshake, with the server that is to be `host`.
    pub(super) async fn over(&self, host: &str, stream: TcpStream) -> io::Result<Encrypted> {
        let unnamed = |_| io::Error::new(io::ErrorKind::InvalidInput, format!("TLS: `{host}` is no name of a server"));
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(unnamed)?;
        let encrypted = TlsConnector::from(self.config.clone()).connect(name, stream).await;
        encrypted.map_err(|error| io::Error::new(error.kind(), format!("TLS: {}", self.sentence(&error, host))))
    }

    /// What a connection that broke before it could be used may have broken of. By TLS 1.3 a server refuses who shows no
    /// certificate only after the handshake, and what it says then may be lost with the connection.
    pub(super) fn explained(&self, error: RedisError) -> RedisError {
        if error.is_io_error() && self.unprepared.was_asked.load(Ordering::Relaxed) {
            return io::Error::new(io::ErrorKind::ConnectionRefused, format!("TLS: {UNPREPARED}")).into();
        }
        error
    }

    fn sentence(&self, error: &io::Error, host: &str) -> String {
        use rustls::Error::{AlertReceived, InvalidCertificate, InvalidMessage};
        let said = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
        match said {
            Some(InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature)) => {
                "the server's certificate is signed by no authority that is trusted; name the right one by `Tls::ca_file`"
                    .to_owned()
            }
            Some(InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => format!("the server's certificate is not for `{host}`"),
            Some(InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. })) => {
                "the server's certificate has expired".to_owned()
            }
            Some(InvalidMessage(_)) => "the server does not speak TLS at this port".to_owned(),
            Some(AlertReceived(AlertDescription::CertificateRequired)) => UNPREPARED.to_owned(),
            _ if self.unprepared.was_asked.load(Ordering::Relaxed) => format!("{error}; {UNPREPARED}"),
            _ => error.to_string(),
        }
    }
}

const UNPREPARED: &str = "the server asks for a certificate of ours; give one by `Tls::client_files`";

/// Shows no certificate, and remembers that one was asked for.
#[derive(Debug, Default)]
struct Unprepared {
    was_asked: AtomicBool,
}

impl ResolvesClientCert for Unprepared {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.was_asked.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, StoreError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(unreadable(path, "certificate", pem::Error::NoItemsFound)),
        Err(error) => Err(unreadable(path, "certificate", error)),
    }
}

fn roots_of(certificates: Vec<CertificateDer<'static>>, path: &Path) -> Result<RootCertStore, StoreError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        let added = roots.add(certificate);
        added.map_err(|error| wrong(format!("`{}` holds no authority: {error}", path.display())))?;
    }
    Ok(roots)
}

/// What of it cannot be read is left out, as long as there is something.
fn roots_of_the_system() -> Result<RootCertStore, StoreError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let said = found.errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
        return Err(wrong(format!("the system trusts no authorities{said}; name one by `Tls::ca_file`")));
    }
    Ok(roots)
}

fn unreadable(path: &Path, wanted: &str, error: pem::Error) -> StoreError {
    let path = path.display();
    wrong(match error {
        pem::Error::Io(error) => format!("`{path}` cannot be read: {error}"),
        pem::Error::NoItemsFound => format!("`{path}` holds no {wanted}; it should be PEM"),
        error => format!("`{path}` holds no {wanted} that can be read: {error}"),
    })
}

fn wrong(problem: String) -> StoreError {
    StoreError::Tls { problem }
}
