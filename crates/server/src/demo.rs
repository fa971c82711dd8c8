//! The command `wts demo`, which serves sample data without configuration.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, TcpListener},
    time::Duration,
};

use anyhow::Context;
use tokio::task::spawn_blocking;
use wts_adapter_db::DatabaseUrl;
use wts_adapter_http::{
    Health, HttpMetrics, HttpSettings, Key, Keyring, Secret, TokenSettings, TokenSigner,
    TokenSubject, TokenVerifier,
};
use wts_app::{RankSource, UseCases, copy_histories};
use wts_domain::{Access, StudentId};
use wts_generator::{SampleData, SampleDataSource};

use crate::{
    logging::{self, LogFormat},
    output::{OutputError, write_line},
    signals::Signals,
};

/// The sample data. The seed is constant, so that every demo serves the same tickets. The first ticket is the example in
/// the API documentation; staff member W007 solved it.
const SAMPLE_DATA: SampleData = SampleData {
    seed: 20_251_206,
    tickets: 400,
    days: 126,
};
const SOLVER: &str = "W007";
const DEFAULT_PORT: u16 = 8080;
const TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Serves the sample data on the loopback interface until a signal arrives. Every demo has its own database and secret,
/// which are removed at the end.
pub(crate) async fn run(port: Option<u16>) -> anyhow::Result<()> {
    logging::start(logging::filter("warn")?, LogFormat::Text, None)?;
    let directory = tempfile::Builder::new()
        .prefix("wts-demo-")
        .tempdir()
        .context("cannot create a directory for the demo's database")?;
    let url = DatabaseUrl::sqlite(directory.path().join("wts.db"));
    wts_adapter_db::migrate(&url).await?;
    fill(&url).await?;
    let operator = SAMPLE_DATA
        .staff()
        .into_iter()
        .find(|member| member.id.as_str() == SOLVER)
        .context("the sample data does not contain the operator who solved the example")?;

    let secret = random_secret()?;
    let signer = TokenSigner::new(&secret, TokenSettings::default());
    let keys = Keyring::fixed(vec![Key::shared(&secret)])?;
    let verifier = TokenVerifier::new(keys, TokenSettings::default());
    let repositories = wts_adapter_db::repositories(&url).await?;
    let use_cases = UseCases::new(repositories, RankSource::Token);
    let listener = listen(port)?;
    let address = format!("http://{}", listener.local_addr()?);
    let health = Health::default();
    health.set_database_ready(true);
    let server = wts_adapter_http::server(
        listener,
        use_cases,
        verifier,
        &HttpSettings::default(),
        &health,
        &HttpMetrics::default(),
    )?;
    let mut signals = Signals::install()?;

    let now = crate::token::now()?;
    let sign = |sid: StudentId, access, name: &str| {
        let subject = TokenSubject {
            openid: format!("demo-{sid}"),
            username: format!("user-{sid}"),
            avatar: String::new(),
            access,
            name: name.to_owned(),
            sid: sid.into(),
        };
        signer.sign(&subject, now, TOKEN_LIFETIME)
    };
    let student = |number| sign(SAMPLE_DATA.student(number), Access::User, "");
    let operator = sign(operator.student, operator.access, &operator.name)?;
    introduce(
        &address,
        &[
            (
                "The student who filed ticket 123 reads its history",
                "tickets/123",
                "tid=123",
                &student(0)?,
            ),
            (
                "Another student gets 403",
                "tickets/123",
                "tid=123",
                &student(1)?,
            ),
            (
                "An operator reads a ticket of any student, here with the newest trace first",
                "tickets/130",
                "tid=130&order=desc",
                &operator,
            ),
        ],
    )?;
    server
        .run_until(async {
            signals.next().await;
            signals.exit_on_next();
        })
        .await?;
    Ok(())
}

/// Prints, for each example, the URL of its page, which contains the token, and a curl command for the API.
fn introduce(address: &str, examples: &[(&str, &str, &str, &str)]) -> Result<(), OutputError> {
    let tickets = SAMPLE_DATA.tickets;
    write_line(format_args!(
        "Sample data of {tickets} tickets is served at {address} until you press Ctrl-C."
    ))?;
    write_line(format_args!(
        "Open a link in a browser, or run a command in another shell."
    ))?;
    for (description, page, query, token) in examples {
        write_line(format_args!(
            "\n{description}:\n{address}/{page}#token={token}"
        ))?;
        write_line(format_args!(
            "curl '{address}/api/v3/get_traces?{query}' -H 'Authorization: Bearer {token}'"
        ))?;
    }
    let operator = examples.last().map_or("", |(.., token)| token);
    write_line(format_args!(
        "\nThe operator sees the newest entries of all tickets:"
    ))?;
    write_line(format_args!("{address}/activity#token={operator}"))?;
    Ok(())
}

/// Imports the sample data into an empty database.
async fn fill(url: &DatabaseUrl) -> anyhow::Result<()> {
    let sink = wts_adapter_db::sink(url).await?;
    let source = Box::new(SampleDataSource::new(SAMPLE_DATA));
    spawn_blocking(move || copy_histories(source, sink, &mut ())).await??;
    Ok(())
}

fn random_secret() -> anyhow::Result<Secret> {
    let mut secret = vec![0; 32];
    getrandom::fill(&mut secret).context("cannot get random bytes from the system")?;
    Ok(Secret::new(secret)?)
}

/// Listens on `port`. If it is `None`, listens on the default port, or on a free port if the default port is in use.
fn listen(port: Option<u16>) -> anyhow::Result<TcpListener> {
    let on = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    match port {
        Some(port) => on(port).with_context(|| format!("--port: cannot listen on port {port}")),
        None => on(DEFAULT_PORT)
            .or_else(|error| match error.kind() {
                ErrorKind::AddrInUse => on(0),
                _ => Err(error),
            })
            .context("cannot listen on the loopback interface"),
    }
}
