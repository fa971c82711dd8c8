//! Tests of TLS connections to PostgreSQL: the user name and password are sent to a verified server only.

use std::{fs, path::PathBuf};

use tempfile::TempDir;
use wts_adapter_db::{DatabaseUrl, OpenError, connect};
use wts_app::ErrorChain;
use wts_testkit::{Database, Kind, find, sample_records};

use crate::tls_server::{Authority, Behaviour, Server};

/// A database, a certificate authority, and the PEM file of the authority.
struct TlsFixture {
    database: Database,
    authority: Authority,
    file: PathBuf,
    _directory: TempDir,
}

impl TlsFixture {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (authority, file) = (Authority::new(), directory.path().join("our ca.pem"));
        fs::write(&file, authority.pem()).unwrap();
        Self {
            database: Database::with(Kind::Postgres, sample_records()),
            authority,
            file,
            _directory: directory,
        }
    }

    /// Starts a server in front of the database.
    async fn server(&self, behaviour: Behaviour) -> Server {
        Server::start(&self.database.url(), behaviour).await
    }

    /// Returns the URL of the server with the host name of another machine, so that TLS is the default.
    fn url(&self, server: &Server) -> DatabaseUrl {
        let file = self.file.display().to_string().replace(' ', "%20");
        let url = server.url_by_name("db.example") + "&sslrootcert=" + &file;
        url.parse().unwrap()
    }
}

#[tokio::test]
async fn history_is_read_from_a_verified_server_over_tls() {
    let fixture = TlsFixture::new();
    let certificate = fixture.authority.certificate(&["db.example"]);
    let server = fixture.server(Behaviour::Tls(certificate)).await;

    let histories = connect(&fixture.url(&server)).await.unwrap();

    assert!(find(&*histories, 123).await.unwrap().is_some());
    assert!(
        server.handshakes() >= 2,
        "one connection to probe and one to read"
    );
    let name = fixture
        .database
        .url()
        .split(':')
        .nth(1)
        .unwrap()
        .replace("//", "");
    assert!(
        !server.received(&name),
        "the user name was never sent unencrypted"
    );
}

#[tokio::test]
async fn unverified_server_receives_no_user_or_password() {
    let fixture = TlsFixture::new();
    let (authority, other_authority) = (&fixture.authority, Authority::new());
    for (behaviour, reason) in [
        (
            Behaviour::Tls(other_authority.certificate(&["db.example"])),
            "invalid peer certificate",
        ),
        (
            Behaviour::Tls(Authority::self_signed(&["db.example"])),
            "invalid peer certificate",
        ),
        (
            Behaviour::Tls(authority.certificate(&["db.example.com", "localhost"])),
            "not valid for name",
        ),
        (
            Behaviour::Tls(authority.expired_certificate(&["db.example"])),
            "expired",
        ),
        (Behaviour::NoTls, "server does not support TLS"),
        (Behaviour::Error, "server does not support TLS"),
        (Behaviour::HangUp, ""),
    ] {
        let server = fixture.server(behaviour).await;

        let Err(error @ OpenError::Unreachable { .. }) = connect(&fixture.url(&server)).await
        else {
            panic!("expected the connection to fail: {reason}");
        };

        let message = ErrorChain(&error).to_string();
        assert!(message.contains(reason), "{reason:?} in {message}");
        assert_eq!(server.handshakes(), 0, "{reason}");
        let user = fixture.database.url()["postgres://".len()..]
            .split(':')
            .next()
            .unwrap()
            .to_owned();
        assert!(
            !server.received(&user) && !message.contains(&user),
            "{reason}"
        );
        assert!(
            !server.received("database") && !server.received("wts"),
            "the database name was never sent: {reason}"
        );
    }
}

#[tokio::test]
async fn error_names_the_unreadable_sslrootcert() {
    let fixture = TlsFixture::new();
    let server = fixture.server(Behaviour::NoTls).await;
    for (text, reason) in [
        (Some(""), "the file contains no certificate"),
        (Some("no PEM"), "the file contains no certificate"),
        (
            Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "our ca.pem",
        ),
        (None, "our ca.pem"),
    ] {
        match text {
            Some(text) => fs::write(&fixture.file, text).unwrap(),
            None => fs::remove_file(&fixture.file).unwrap(),
        }
        let error = connect(&fixture.url(&server)).await.err().unwrap();
        let message = ErrorChain(&error).to_string();
        assert!(
            message.contains("sslrootcert") && message.contains(reason),
            "{message}"
        );
    }
    assert_eq!(server.connections(), 0);
}
