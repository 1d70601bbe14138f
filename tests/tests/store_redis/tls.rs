//! Over TLS: one server, sentinels and a cluster; and what is said where it cannot be.

use super::replicas::{PRIMARY, is_watched};
use super::*;
use cache_runtime::store::redis::Tls;
use cache_tests::Certificates;
use std::path::Path;
use std::process::{Command, Stdio};

/// A server at two ports: ours, without TLS, and that of the clients.
struct Encrypted {
    server: RedisServer,
    port: u16,
    certificates: Certificates,
}

impl Encrypted {
    fn start() -> Self {
        Self::start_as("server", &[])
    }

    fn start_as(name: &str, options: &[&str]) -> Self {
        let (certificates, port) = (Certificates::make(), RedisServer::unused_port());
        let server = start(&certificates, name, port, options);
        Self { server, port, certificates }
    }

    fn url(&self) -> String {
        format!("rediss://127.0.0.1:{}", self.port)
    }

    fn tls(&self) -> Tls {
        tls(&self.certificates)
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.certificates.path(name)
    }

    /// What is said to who comes with these certificates.
    fn refusal(&self, tls: &Tls) -> String {
        let error = run(RedisStore::connect_with_tls(&self.url(), tls)).expect_err("it is refused");
        assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
        error.to_string()
    }
}

fn start(certificates: &Certificates, name: &str, port: u16, options: &[&str]) -> RedisServer {
    let of_tls = certificates.options(port, name);
    RedisServer::start_with(&of_tls.iter().map(String::as_str).chain(options.iter().copied()).collect::<Vec<_>>())
}

/// Trusts the authority, and shows a certificate by it.
fn tls(certificates: &Certificates) -> Tls {
    let file = |name| certificates.path(name);
    Tls::new().ca_file(file("ca.pem")).client_files(file("client.pem"), file("client.key"))
}

/// A store that a busy machine does not hurry.
fn patient_with(url: &str, tls: &Tls) -> RedisStore {
    let store = RedisStore::lazy_with_tls(url, tls).expect("the address parses, and the files are there");
    store.with_read_deadline(Duration::from_secs(20)).with_write_deadline(Duration::from_secs(20))
}

mod suite {
    use super::*;

    static SERVER: LazyLock<Encrypted> = LazyLock::new(Encrypted::start);

    cache_runtime::store_suite!(async { patient_with(&SERVER.url(), &SERVER.tls()) });
}

#[test]
fn steps_are_told_and_tracked_over_tls() {
    let encrypted = Encrypted::start();
    let store = patient_with(&encrypted.url(), &encrypted.tls()).with_tracking().expect("it is one server");
    run(async {
        let mut feed = store.bus().expect("it tells").listen("test").await.expect("the server is up");
        let begun = begin(&store).await.expect("the server is up");
        commit(&store, &begun).await.expect("the server is up");
        bump(&store).await.expect("the server is up");
        for _ in 0..3 {
            feed.next().await.expect("it is told");
        }
    });
}

#[test]
fn a_broken_connection_is_made_anew_over_tls() {
    let encrypted = Encrypted::start();
    let store = patient_with(&encrypted.url(), &encrypted.tls());
    run(async {
        begin(&store).await.expect("the server is up");
        encrypted.server.command(&["CLIENT", "KILL", "TYPE", "normal"]);
        at_last(async || begin(&store).await).await;
    });
}

#[test]
fn a_server_that_nobody_trusted_vouches_for_is_refused() {
    let encrypted = Encrypted::start();
    let stranger = encrypted.tls().ca_file(encrypted.file("other-ca.pem"));
    let said = encrypted.refusal(&stranger);
    assert!(said.contains("signed by no authority that is trusted") && said.contains("Tls::ca_file"), "{said}");
    let of_the_system = run(RedisStore::connect(&encrypted.url())).expect_err("it is not trusted");
    assert!(matches!(of_the_system, StoreError::Unreachable { .. } | StoreError::Tls { .. }), "{of_the_system:?}");
}

#[test]
fn a_server_that_is_another_is_refused() {
    let encrypted = Encrypted::start_as("elsewhere", &[]);
    let said = encrypted.refusal(&encrypted.tls());
    assert!(said.contains("is not for `127.0.0.1`"), "{said}");
}

/// By TLS 1.3 the server says so only after the handshake, by TLS 1.2 within.
#[test]
fn who_shows_no_certificate_where_one_is_wanted_is_told() {
    for protocols in ["TLSv1.3", "TLSv1.2"] {
        let encrypted = Encrypted::start_as("server", &["--tls-protocols", protocols]);
        let nobody = Tls::new().ca_file(encrypted.file("ca.pem"));
        let said = encrypted.refusal(&nobody);
        assert!(said.contains("asks for a certificate of ours"), "{protocols}: {said}");
        run(RedisStore::connect_with_tls(&encrypted.url(), &encrypted.tls())).expect("with one it is let in");
    }
}

#[test]
fn who_shows_no_certificate_where_none_is_wanted_is_let_in() {
    let encrypted = Encrypted::start_as("server", &["--tls-auth-clients", "no"]);
    let nobody = Tls::new().ca_file(encrypted.file("ca.pem"));
    run(RedisStore::connect_with_tls(&encrypted.url(), &nobody)).expect("it is let in");
}

#[test]
fn a_port_without_tls_is_said_to_be_one() {
    let url = format!("rediss://{}", super::unreachable::quoting_server("TLS"));
    let certificates = Certificates::make();
    let tls = Tls::new().ca_file(certificates.path("ca.pem"));
    let error = run(RedisStore::connect_with_tls(&url, &tls)).expect_err("nobody shakes hands");
    assert!(error.to_string().contains("does not speak TLS at this port"), "{error}");
}

#[test]
fn files_that_are_not_what_they_should_be_are_named() {
    let certificates = Certificates::make();
    let file = |name: &str| certificates.path(name);
    std::fs::write(file("nothing.pem"), "nothing\n").expect("it can be written");
    let ours = tls(&certificates);
    for (tls, words) in [
        (Tls::new().ca_file(file("absent.pem")), ["absent.pem", "cannot be read"]),
        (Tls::new().ca_file(file("nothing.pem")), ["nothing.pem", "holds no certificate"]),
        (Tls::new().ca_file(file("ca.key")), ["ca.key", "holds no certificate"]),
        (ours.clone().client_files(file("absent.pem"), file("client.key")), ["absent.pem", "cannot be read"]),
        (ours.clone().client_files(file("client.pem"), file("client.pem")), ["client.pem", "holds no private key"]),
        (
            ours.clone().client_files(file("client.pem"), file("ca.key")),
            ["ca.key", "are not a certificate and its key"],
        ),
    ] {
        let error = RedisStore::lazy_with_tls("rediss://localhost", &tls).expect_err("a file is wrong");
        assert!(matches!(error, StoreError::Tls { .. }), "{error:?}");
        assert!(words.iter().all(|word| error.to_string().contains(word)), "{words:?}: {error}");
    }
    let error = RedisStore::lazy_with_tls("redis://:hunter2@localhost", &ours).expect_err("it is not encrypted");
    assert!(error.to_string().contains("write `rediss://`") && !all_of(&error).contains("hunter2"), "{error}");
}

#[test]
fn the_environment_names_the_files() {
    let encrypted = Encrypted::start();
    let path = |name: &str| encrypted.file(name).display().to_string();
    let all = [
        ("REDIS_URL", encrypted.url()),
        ("REDIS_TLS_CA", path("ca.pem")),
        ("REDIS_TLS_CERT", path("client.pem")),
        ("REDIS_TLS_KEY", path("client.key")),
    ];
    let builder = |variables: &[(&str, String)]| {
        cache_runtime::Builder::from_variables(variables.iter().map(|(name, value)| ((*name).into(), value.clone())))
    };
    run(async {
        let cache = builder(&all).expect("well-formed").build().await.expect("coherent");
        let deadline = Instant::now() + SOON;
        while cache.set("k", 1_u32, cache_runtime::Policy::ttl(SOON)).await.is_err() {
            assert!(Instant::now() < deadline, "it is never reached");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let error = builder(&all[..3]).map(drop).expect_err("there is no key");
    assert!(error.to_string().starts_with("REDIS_TLS_CERT: it has no key"), "{error}");
}

#[test]
fn a_primary_is_found_by_sentinels_over_tls() {
    let primary = Encrypted::start();
    let at = RedisServer::unused_port();
    let sentinel = start(&primary.certificates, "server", at, &["--tls-replication", "yes", "--sentinel"]);
    is_watched(&sentinel, primary.port);
    let url = format!("rediss+sentinel://127.0.0.1:{at}/{PRIMARY}");
    run(async {
        let store = patient_with(&url, &primary.tls());
        at_last(async || begin(&store).await).await;
    });
}

#[test]
fn a_cluster_is_reached_over_tls() {
    let certificates = Certificates::make();
    let ports: [u16; 3] = std::array::from_fn(|_| RedisServer::unused_port_of_node());
    let options = ["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--tls-cluster", "yes"];
    let servers = ports.map(|port| start(&certificates, "server", port, &options));
    make_cluster(&certificates, &ports);
    run(async {
        let store = patient_with(&format!("rediss+cluster://127.0.0.1:{}", ports[0]), &tls(&certificates));
        at_last(async || done_if(servers.iter().all(|one| one.command(&["CLUSTER", "INFO"]).contains("state:ok"))))
            .await;
        // All partitions: those of every node.
        at_last(async || store.clear("test").await).await;
        let begun = at_last(async || begin(&store).await).await;
        assert_eq!(at_last(async || commit(&store, &begun).await).await, Verdict::Stored);
        let mut feed = store.bus().expect("it tells").listen("test").await.expect("it is up");
        at_last(async || bump(&store).await).await;
        feed.next().await.expect("it is told");
    });
    for server in &servers {
        assert_ne!(server.command(&["DBSIZE"]), ":0", "every node has partitions");
    }
}

fn make_cluster(certificates: &Certificates, ports: &[u16]) {
    let file = |name: &str| certificates.path(name);
    let flag = |name: &'static str| Path::new(name).to_owned();
    let made = Command::new("redis-cli")
        .args([flag("--tls"), flag("--cacert"), file("ca.pem"), flag("--cert"), file("client.pem"), flag("--key")])
        .arg(file("client.key"))
        .args(["--cluster", "create"])
        .args(ports.iter().map(|port| format!("127.0.0.1:{port}")))
        .arg("--cluster-yes")
        .stdin(Stdio::null())
        .output()
        .expect("redis-cli is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
}

fn done_if(holds: bool) -> Result<(), StoreError> {
    if holds { Ok(()) } else { Err(StoreError::Timeout { store: "test", waited: Duration::ZERO }) }
}
