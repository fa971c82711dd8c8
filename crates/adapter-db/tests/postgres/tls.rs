//! PostgreSQL over TLS: only a verified server receives user and password.

use std::{fs, path::PathBuf};

use tempfile::TempDir;
use wts_adapter_db::{DatabaseUrl, OpenError, connect};
use wts_app::ErrorChain;
use wts_testkit::{Database, Kind, campus, find};

use crate::tls_server::{Authority, Behaviour, Server};

/// A database, a certificate authority, and a file with its certificate.
struct Scene {
    database: Database,
    authority: Authority,
    file: PathBuf,
    _directory: TempDir,
}

impl Scene {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (authority, file) = (Authority::new(), directory.path().join("our ca.pem"));
        fs::write(&file, authority.pem()).unwrap();
        Self {
            database: Database::with(Kind::Postgres, campus()),
            authority,
            file,
            _directory: directory,
        }
    }

    /// A server in front of the database.
    async fn server(&self, behaviour: Behaviour) -> Server {
        Server::start(&self.database.url(), behaviour).await
    }

    /// The server's URL with the name of another machine, so that TLS is the default.
    fn url(&self, server: &Server) -> DatabaseUrl {
        let file = self.file.display().to_string().replace(' ', "%20");
        let url = server.url_by_name("db.example") + "&sslrootcert=" + &file;
        url.parse().unwrap()
    }
}

#[tokio::test]
async fn verified_server_is_read_over_tls() {
    let scene = Scene::new();
    let good = scene.authority.certificate(&["db.example"]);
    let server = scene.server(Behaviour::Tls(good)).await;

    let histories = connect(&scene.url(&server)).await.unwrap();

    assert!(find(&*histories, 123).await.unwrap().is_some());
    assert!(
        server.handshakes() >= 2,
        "one to probe with, one to read with"
    );
    let name = scene
        .database
        .url()
        .split(':')
        .nth(1)
        .unwrap()
        .replace("//", "");
    assert!(
        !server.received(&name),
        "the user's name is in no plain text"
    );
}

#[tokio::test]
async fn unverified_server_learns_neither_user_nor_password() {
    let scene = Scene::new();
    let (ours, others) = (&scene.authority, Authority::new());
    for (behaviour, reason) in [
        (
            Behaviour::Tls(others.certificate(&["db.example"])),
            "invalid peer certificate",
        ),
        (
            Behaviour::Tls(Authority::self_signed(&["db.example"])),
            "invalid peer certificate",
        ),
        (
            Behaviour::Tls(ours.certificate(&["db.example.com", "localhost"])),
            "not valid for name",
        ),
        (
            Behaviour::Tls(ours.expired_certificate(&["db.example"])),
            "expired",
        ),
        (Behaviour::NoTls, "server does not support TLS"),
        (Behaviour::Error, "server does not support TLS"),
        (Behaviour::HangUp, ""),
    ] {
        let server = scene.server(behaviour).await;

        let Err(refusal @ OpenError::Unreachable { .. }) = connect(&scene.url(&server)).await
        else {
            panic!("it connected, or found more than it should: {reason}");
        };

        let told = ErrorChain(&refusal).to_string();
        assert!(told.contains(reason), "{reason:?} in {told}");
        assert_eq!(server.handshakes(), 0, "{reason}");
        let user = scene.database.url()["postgres://".len()..]
            .split(':')
            .next()
            .unwrap()
            .to_owned();
        assert!(!server.received(&user) && !told.contains(&user), "{reason}");
        assert!(
            !server.received("database") && !server.received("wts"),
            "nor what is asked for: {reason}"
        );
    }
}

#[tokio::test]
async fn unreadable_authorities_are_named() {
    let scene = Scene::new();
    let server = scene.server(Behaviour::NoTls).await;
    for (text, reason) in [
        (Some(""), "there are none in it"),
        (Some("no PEM"), "there are none in it"),
        (
            Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "our ca.pem",
        ),
        (None, "our ca.pem"),
    ] {
        match text {
            Some(text) => fs::write(&scene.file, text).unwrap(),
            None => fs::remove_file(&scene.file).unwrap(),
        }
        let refusal = connect(&scene.url(&server)).await.err().unwrap();
        let told = ErrorChain(&refusal).to_string();
        assert!(
            told.contains("sslrootcert") && told.contains(reason),
            "{told}"
        );
    }
    assert_eq!(server.connections(), 0);
}
