//! Certificates for a test, made by `openssl`: an authority, a server and a client it vouches for, and another authority.

use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const CONFIG: &str = "\
[req]
distinguished_name = name
prompt = no
[name]
CN = a test
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = keyCertSign
[leaf]
basicConstraints = critical,CA:FALSE
subjectAltName = IP:127.0.0.1,DNS:localhost
[elsewhere]
basicConstraints = critical,CA:FALSE
subjectAltName = DNS:elsewhere.test
";

/// A directory of PEM files; dropping it removes them.
pub struct Certificates {
    directory: TempDir,
}

impl Certificates {
    /// Makes `ca`, `other-ca`, `server` and `client` by the first, `elsewhere` for another host; each is a `.pem` and
    /// a `.key`.
    ///
    /// # Panics
    /// If `openssl` is not installed.
    pub fn make() -> Self {
        let made = Self { directory: tempfile::tempdir().expect("a directory can be made") };
        std::fs::write(made.path("config"), CONFIG).expect("it can be written");
        made.sign("ca", "authority", None);
        made.sign("other-ca", "authority", None);
        for (name, kind) in [("server", "leaf"), ("client", "leaf"), ("elsewhere", "elsewhere")] {
            made.sign(name, kind, Some("ca"));
        }
        made
    }

    /// The path of a file, such as `ca.pem`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// What makes a server serve TLS at a port, with a certificate of this name, to clients that show one.
    pub fn options(&self, port: u16, name: &str) -> Vec<String> {
        let at = |file: String| self.path(&file).display().to_string();
        let words = [
            ("--tls-port", port.to_string()),
            ("--tls-cert-file", at(format!("{name}.pem"))),
            ("--tls-key-file", at(format!("{name}.key"))),
            ("--tls-ca-cert-file", at("ca.pem".into())),
        ];
        words.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect()
    }

    fn sign(&self, name: &str, kind: &str, by: Option<&str>) {
        let at = |end: &str| self.path(&format!("{name}.{end}"));
        let request = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-config"];
        let subject = PathBuf::from(format!("/CN={name}"));
        openssl(
            &request,
            &[
                &self.path("config"),
                Path::new("-subj"),
                &subject,
                Path::new("-keyout"),
                &at("key"),
                Path::new("-out"),
                &at("request"),
            ],
        );
        let certify = ["x509", "-req", "-days", "2", "-sha256", "-extensions", kind, "-extfile"];
        let serial = name.bytes().map(u64::from).sum::<u64>().to_string();
        let mut words: Vec<PathBuf> = vec![self.path("config"), "-in".into(), at("request"), "-out".into(), at("pem")];
        words.extend(["-set_serial".into(), serial.into()]);
        words.extend(match by {
            Some(by) => {
                vec!["-CA".into(), self.path(&format!("{by}.pem")), "-CAkey".into(), self.path(&format!("{by}.key"))]
            }
            None => vec!["-signkey".into(), at("key")],
        });
        openssl(&certify, &words.iter().map(PathBuf::as_path).collect::<Vec<_>>());
    }
}

fn openssl(words: &[&str], more: &[&Path]) {
    let ran = Command::new("openssl").args(words).args(more).output();
    let ran = ran.expect("openssl is installed, for these tests make certificates: apt-get install openssl");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}
