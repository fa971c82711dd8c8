//! A fake PostgreSQL server whose TLS may be valid or broken: a proxy in front of the real server.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer},
    },
};

use crate::connect_upstream;

/// A certificate authority.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// The certificate and the private key of a server.
pub(crate) struct Certificate(CertificateDer<'static>, PrivateKeyDer<'static>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn certificate(&self, names: &[&str]) -> Certificate {
        self.sign(&params(names))
    }

    pub(crate) fn expired_certificate(&self, names: &[&str]) -> Certificate {
        let mut params = params(names);
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
        self.sign(&params)
    }

    pub(crate) fn self_signed(names: &[&str]) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let certificate = params(names).self_signed(&key).unwrap();
        Certificate(
            certificate.der().clone(),
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
    }

    fn sign(&self, params: &CertificateParams) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Certificate(
            certificate.der().clone(),
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
    }
}

fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
}

/// How a server responds to the `SSLRequest` message.
pub(crate) enum Behaviour {
    Tls(Certificate),
    /// The server responds that it does not support TLS.
    NoTls,
    /// The server responds with an error, like a version of PostgreSQL without TLS.
    Error,
    HangUp,
}

pub(crate) struct Server {
    /// The `user:password` and the database name of a URL.
    login: (String, String),
    port: u16,
    traffic: Arc<Traffic>,
}

#[derive(Default)]
struct Traffic {
    connections: AtomicUsize,
    handshakes: AtomicUsize,
    /// The bytes that were received unencrypted.
    plain: Mutex<Vec<u8>>,
}

impl Server {
    /// Starts a server in front of the server of this database.
    pub(crate) async fn start(database: &str, behaviour: Behaviour) -> Self {
        let (login, rest) = database["postgres://".len()..].split_once('@').unwrap();
        let (_, name) = rest.split_once('/').unwrap();
        let login = (login.to_owned(), name.to_owned());
        let upstream: tokio_postgres::Config = database.parse().unwrap();
        let acceptor = match &behaviour {
            Behaviour::Tls(certificate) => Some(acceptor(certificate)),
            _ => None,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let traffic = Arc::new(Traffic::default());
        let (listener_traffic, behaviour, upstream) = (
            Arc::clone(&traffic),
            Arc::new(behaviour),
            Arc::new(upstream),
        );
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                listener_traffic.connections.fetch_add(1, Ordering::SeqCst);
                let (traffic, behaviour) = (Arc::clone(&listener_traffic), Arc::clone(&behaviour));
                let (acceptor, upstream) = (acceptor.clone(), Arc::clone(&upstream));
                tokio::spawn(async move {
                    serve(client, &behaviour, acceptor, &upstream, &traffic).await;
                });
            }
        });
        Self {
            login,
            port,
            traffic,
        }
    }

    /// Returns the URL of the server with this host name, which is not resolved because the URL also contains the
    /// address.
    pub(crate) fn url_by_name(&self, name: &str) -> String {
        let (login, database) = &self.login;
        format!(
            "postgres://{login}@{name}:{}/{database}?hostaddr=127.0.0.1",
            self.port
        )
    }

    pub(crate) fn connections(&self) -> usize {
        self.traffic.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn handshakes(&self) -> usize {
        self.traffic.handshakes.load(Ordering::SeqCst)
    }

    /// Returns whether `text` was received unencrypted.
    pub(crate) fn received(&self, text: &str) -> bool {
        let plain = self.traffic.plain.lock().unwrap();
        plain
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    }
}

fn acceptor(Certificate(certificate, key): &Certificate) -> TlsAcceptor {
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.clone_key())
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(
    mut client: TcpStream,
    behaviour: &Behaviour,
    acceptor: Option<TlsAcceptor>,
    upstream: &tokio_postgres::Config,
    traffic: &Traffic,
) {
    // The `SSLRequest` message has 8 bytes and contains no user name.
    let mut request = [0; 8];
    if client.read_exact(&mut request).await.is_err() {
        return;
    }
    traffic.plain.lock().unwrap().extend_from_slice(&request);
    let response: &[u8] = match behaviour {
        Behaviour::Tls(_) => b"S",
        Behaviour::NoTls => b"N",
        Behaviour::Error => b"E\0\0\0\x10SFATAL\0MError\0\0",
        Behaviour::HangUp => return,
    };
    let _ = client.write_all(response).await;
    if let Some(acceptor) = acceptor {
        if let Ok(mut client) = acceptor.accept(client).await {
            traffic.handshakes.fetch_add(1, Ordering::SeqCst);
            let mut server = connect_upstream(upstream).await;
            let _ = copy_bidirectional(&mut client, &mut server).await;
        }
    } else {
        let mut rest = Vec::new();
        let _ = client.read_to_end(&mut rest).await;
        traffic.plain.lock().unwrap().extend_from_slice(&rest);
    }
}
