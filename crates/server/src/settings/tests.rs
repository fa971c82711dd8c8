//! Tests of settings: error messages, precedence and the reference.

mod damage;
mod reference;

use std::ffi::OsString;

use super::{
    catalogue::{ALL, DATABASE_URL, JWT_SECRET, LISTEN, RETIRED},
    *,
};

/// Returns the settings of an environment and of an optional settings file with this text.
fn settings(environment: &[(&str, &str)], file: Option<&str>) -> anyhow::Result<Settings> {
    let environment = environment
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let mut sources = Sources::read(&[], environment, None)?;
    if let Some(text) = file {
        sources.add_file(Path::new("wts.toml"), text)?;
    }
    Ok(Settings { sources })
}

fn from_environment(environment: &[(&str, &str)]) -> Settings {
    settings(environment, None).expect("every name is known")
}

fn error_of<T>(outcome: anyhow::Result<T>) -> String {
    match outcome {
        Ok(_) => panic!("the value was accepted"),
        Err(error) => format!("{error:#}"),
    }
}

#[test]
fn unset_setting_has_its_documented_default() {
    let nothing = from_environment(&[]);
    assert_eq!(
        nothing.require(&LISTEN).unwrap().to_string(),
        "127.0.0.1:8080"
    );
    assert_eq!(
        nothing.require(&DEFAULT_ORDER).unwrap(),
        wts_adapter_http::Order::Asc
    );
}

#[tokio::test]
async fn missing_setting_is_named() {
    let nothing = from_environment(&[("WTS_DATABASE_URL", ""), ("PATH", "/bin")]);
    let database = error_of(nothing.require(&DATABASE_URL));
    assert!(
        database.starts_with(
            "WTS_DATABASE_URL is not set, nor is WTS_DATABASE_URL_FILE: expected postgres://"
        ),
        "{database}"
    );
    for secret in [
        error_of(nothing.keyring().await.map(drop)),
        error_of(nothing.require(&JWT_SECRET)),
    ] {
        assert!(secret.starts_with("WTS_JWT_SECRET is not set"), "{secret}");
        assert!(secret.contains("32 bytes"), "{secret}");
    }
}

#[test]
fn invalid_value_is_reported_with_the_expected_form() {
    let wrong = from_environment(&[
        ("WTS_LISTEN", "localhost"),
        ("WTS_DEFAULT_ORDER", "newest"),
        ("WTS_DATABASE_URL", "mysql://root:hunter2@localhost/wts"),
    ]);
    assert_eq!(
        error_of(wrong.require(&LISTEN)),
        "WTS_LISTEN: expected ADDRESS:PORT, such as 127.0.0.1:8080, found \"localhost\""
    );
    assert_eq!(
        error_of(wrong.require(&DEFAULT_ORDER)),
        "WTS_DEFAULT_ORDER: expected asc or desc, found \"newest\""
    );
    assert_eq!(
        error_of(wrong.require(&DATABASE_URL)),
        "WTS_DATABASE_URL: expected postgres://… or sqlite:PATH"
    );
}

#[test]
fn unknown_setting_is_an_error_with_a_list_of_all_settings() {
    let typo = error_of(settings(&[("WTS_LISTNE", "127.0.0.1:1")], None));
    assert!(
        typo.starts_with("WTS_LISTNE is not a setting: expected one of WTS_DATABASE_URL, "),
        "{typo}"
    );
    let typo = error_of(settings(&[], Some("listne = '127.0.0.1:1'")));
    assert!(typo.starts_with("listne in "), "{typo}");
    assert!(
        typo.contains("is not a setting: expected one of database_url, "),
        "{typo}"
    );
}

#[test]
fn variables_of_kubernetes_and_of_tests_are_ignored() {
    for (name, value) in [
        ("WTS_TEST_POSTGRES_URL", "postgres://x"),
        ("WTS_SERVICE_HOST", "10.0.0.1"),
        ("WTS_SERVICE_PORT", "80"),
        ("WTS_SERVICE_PORT_HTTP", "80"),
        ("WTS_PORT", "tcp://10.0.0.1:80"),
        ("WTS_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("WTS_DB_SERVICE_HOST", "10.0.0.2"),
        ("WTS_DB_PORT_5432_TCP", "tcp://10.0.0.2:5432"),
    ] {
        assert!(settings(&[(name, value)], None).is_ok(), "{name}");
    }
}

#[test]
fn environment_takes_precedence_over_the_file() {
    let both = settings(
        &[("WTS_LISTEN", "127.0.0.1:1")],
        Some("listen = '127.0.0.1:2'\ndefault_order = 'desc'"),
    )
    .unwrap();
    assert_eq!(both.require(&LISTEN).unwrap().port(), 1);
    assert_eq!(
        both.require(&DEFAULT_ORDER).unwrap(),
        wts_adapter_http::Order::Desc
    );
}

#[test]
fn invalid_file_is_reported_with_its_line_without_quoting_it() {
    let broken = error_of(settings(
        &[],
        Some("listen = '127.0.0.1:2'\njwt_secret = 'hunter2"),
    ));
    assert!(
        broken.starts_with("line 2 of the settings file "),
        "{broken}"
    );
    assert!(!broken.contains("hunter2"), "{broken}");
    let date = error_of(settings(&[], Some("listen = 2025-12-06")));
    assert!(
        date.contains(": expected a quoted string, a number"),
        "{date}"
    );
    let missing = error_of(Sources::read(&[], [], Some(Path::new("/nowhere/wts.toml"))));
    assert!(
        missing.starts_with("cannot read the settings file /nowhere/wts.toml"),
        "{missing}"
    );
}

#[test]
fn secret_given_as_a_value_and_as_a_file_is_an_error() {
    let twice = from_environment(&[
        ("WTS_JWT_SECRET", "hunter2"),
        ("WTS_JWT_SECRET_FILE", "/nowhere"),
    ]);
    assert_eq!(
        error_of(twice.require(&JWT_SECRET)),
        "WTS_JWT_SECRET and WTS_JWT_SECRET_FILE are both set: expected one"
    );
}

#[test]
fn missing_secret_file_is_reported_with_its_setting() {
    let missing = from_environment(&[("WTS_JWT_SECRET_FILE", "/nowhere/secret")]);
    let error = error_of(missing.require(&JWT_SECRET));
    assert!(
        error.starts_with("WTS_JWT_SECRET_FILE: cannot read /nowhere/secret"),
        "{error}"
    );
}

#[test]
fn every_default_is_valid() {
    for setting in ALL {
        if let DefaultValue::Value(default) = setting.default {
            assert!(
                (setting.check)(default.as_bytes()).is_ok(),
                "{}",
                setting.name
            );
        }
    }
}

#[test]
fn statement_timeout_out_of_the_postgresql_range_is_rejected() {
    for setting in [&REQUEST_TIMEOUT, &STATEMENT_TIMEOUT] {
        for (value, good) in [
            ("999us", false),
            ("1ms", true),
            ("24days", true),
            ("25days", false),
        ] {
            let settings = from_environment(&[(&setting.variable(), value)]);
            assert_eq!(settings.require(setting).is_ok(), good, "{value}");
        }
    }
}

#[test]
fn retired_setting_is_ignored_in_every_source() {
    use clap::{Args, FromArgMatches};

    let matches = Flags::augment_args(clap::Command::new("wts"))
        .try_get_matches_from(["wts", "--workers", "7"])
        .unwrap();
    let flags = Flags::from_arg_matches(&matches).unwrap();
    let environment = [
        ("WTS_QUEUE".into(), "x".into()),
        ("WTS_LISTEN".into(), "127.0.0.1:1".into()),
    ];
    let mut sources = Sources::read(&flags.0, environment, None).unwrap();
    sources
        .add_file(
            Path::new("wts.toml"),
            "head_timeout = 7\nlisten = '127.0.0.1:2'",
        )
        .unwrap();
    let settings = Settings { sources };

    assert_eq!(
        settings.ignored(),
        ["--workers", "WTS_QUEUE", "head_timeout in wts.toml, line 1"]
    );
    assert_eq!(settings.require(&LISTEN).unwrap().port(), 1);
    for name in RETIRED {
        assert!(ALL.iter().all(|setting| setting.name != name), "{name}");
    }
}

#[test]
fn flag_takes_precedence_over_the_environment() {
    use clap::{Args, FromArgMatches};

    let matches = Flags::augment_args(clap::Command::new("wts"))
        .try_get_matches_from(["wts", "--listen", "127.0.0.1:3"])
        .unwrap();
    let flags = Flags::from_arg_matches(&matches).unwrap();
    let environment = [("WTS_LISTEN".into(), "127.0.0.1:1".into())];
    let sources = Sources::read(&flags.0, environment, None).unwrap();
    let settings = Settings { sources };
    assert_eq!(settings.require(&LISTEN).unwrap().port(), 3);
    assert_eq!(settings.origin(&LISTEN), "--listen");
}

#[test]
fn secret_has_only_a_flag_for_its_file() {
    use clap::Args;

    let parse = |argument: &str| {
        Flags::augment_args(clap::Command::new("wts")).try_get_matches_from(["wts", argument, "x"])
    };
    for setting in ALL.iter().filter(|setting| setting.is_secret()) {
        let flag = format!("--{}", setting.name.replace('_', "-"));
        assert!(parse(&flag).is_err(), "{flag}");
        assert!(parse(&(flag.clone() + "-file")).is_ok(), "{flag}");
    }
}

#[test]
fn printed_settings_can_be_read_and_contain_no_secret() {
    let given = from_environment(&[
        ("WTS_DATABASE_URL", "postgres://wts:hunter2@db/wts"),
        ("WTS_JWT_SECRET", "hunter2-and-25-other-random-bytes"),
        ("WTS_DEFAULT_ORDER", "desc"),
    ]);
    let lines: Result<Vec<_>, _> = given.effective().map(|(_, line)| line).collect();
    let lines = lines.unwrap();
    let text = lines.join("\n");
    assert!(!text.contains("hunter2"), "{text}");
    assert!(
        text.contains("database_url = \"postgres://wts:***@db:5432/wts?sslmode=verify-full\" # WTS_DATABASE_URL"),
        "{text}"
    );
    assert!(
        text.contains("listen = \"127.0.0.1:8080\" # default"),
        "{text}"
    );
    assert!(text.contains("# jwt_issuer is not set: any"), "{text}");

    let again = settings(&[], Some(&text)).unwrap();
    assert_eq!(
        again.require(&DEFAULT_ORDER).unwrap(),
        wts_adapter_http::Order::Desc
    );
}

#[test]
fn invalid_setting_is_printed_with_its_error() {
    let wrong = from_environment(&[("WTS_LISTEN", "localhost")]);
    let errors = wrong.effective().filter_map(|(_, line)| line.err());
    assert_eq!(
        errors.collect::<Vec<_>>(),
        ["WTS_LISTEN: expected ADDRESS:PORT, such as 127.0.0.1:8080, found \"localhost\""]
    );
}

#[test]
fn invisible_character_around_a_value_is_reported_by_name() {
    for (value, found) in [
        ("sqlite:wts.db\r", "a carriage return at the end"),
        (
            "\u{feff}sqlite:wts.db",
            "a byte order mark at the beginning",
        ),
        ("sqlite:wts.db\n", "a line feed at the end"),
        ("\tsqlite:wts.db", "a tab at the beginning"),
        ("sqlite:wts.db ", "a space at the end"),
        ("sqlite:wts.db\u{a0}", "U+00A0 at the end"),
    ] {
        let expected = format!("expected no white space around the value, found {found}");
        let variable = error_of(settings(&[("WTS_DATABASE_URL", value)], None));
        assert_eq!(variable, format!("WTS_DATABASE_URL: {expected}"));
        let escapes = value
            .chars()
            .map(|character| format!("\\U{:08X}", u32::from(character)));
        let quoted = escapes.collect::<Vec<_>>().concat();
        let file = error_of(settings(&[], Some(&format!("database_url = \"{quoted}\""))));
        assert_eq!(
            file,
            format!("database_url in wts.toml, line 1: {expected}")
        );
        let flag = ("database_url".to_owned(), value.to_owned());
        let flag = error_of(Sources::read(&[flag], [], None).map(drop));
        assert_eq!(flag, format!("--database-url: {expected}"));
    }
}

#[test]
fn one_final_newline_of_a_secret_file_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    let secret = "0123456789abcdef0123456789abcdef";
    let read = |content: &str| {
        fs::write(&path, content).unwrap();
        let environment = [("WTS_JWT_SECRET_FILE", path.to_str().unwrap())];
        from_environment(&environment).given(&JWT_SECRET.declaration)
    };
    for end in ["", "\n", "\r\n"] {
        let (value, _) = read(&format!("{secret}{end}")).unwrap().unwrap();
        assert_eq!(value.expose_secret(), secret.as_bytes(), "{end:?}");
    }
    for (content, found) in [
        (format!("{secret}\n\n"), "a line feed at the end"),
        (format!("{secret}\r"), "a carriage return at the end"),
        (format!("{secret} \n"), "a space at the end"),
        (
            format!("\u{feff}{secret}\n"),
            "a byte order mark at the beginning",
        ),
    ] {
        let error = error_of(read(&content));
        assert!(error.ends_with(&format!("found {found}")), "{error}");
        assert!(!error.contains(secret), "{error}");
    }
}

#[test]
fn list_in_the_file_is_an_array_or_a_string() {
    let file = "trusted_proxies = ['127.0.0.1', '10.0.0.0/8']\n\
                cors_origins = ['https://a.example', 'https://b.example']\n\
                database_read_urls = ['postgres://a/wts', 'postgres://b/wts']";
    let lists = settings(&[], Some(file)).unwrap();
    assert!(lists.http().is_ok());
    assert_eq!(lists.reading().unwrap().replicas.len(), 2);
}

#[test]
fn invalid_entry_of_the_file_is_reported_by_name_and_line() {
    for (text, expected) in [
        (
            "listen = '127.0.0.1:2'\n\nlisten = '127.0.0.1:3'",
            "listen in wts.toml, line 3: given twice",
        ),
        (
            "jwt_secret = 'hunter2'\njwt_secret = 'hunter3'",
            "jwt_secret in wts.toml, line 2: given twice",
        ),
        (
            "# comment\nlisten = 1.5",
            "listen in wts.toml, line 2: expected a quoted string",
        ),
        (
            "[http]\nlisten = 'x'",
            "http in wts.toml, line 1: expected a quoted string",
        ),
        (
            "\nlistne = 'x'",
            "listne in wts.toml, line 2 is not a setting",
        ),
        (
            "listen = 'x",
            "line 1 of the settings file wts.toml is not TOML",
        ),
        (
            "trusted_proxies = [1, 2]",
            "trusted_proxies in wts.toml, line 1: expected",
        ),
    ] {
        let error = error_of(settings(&[], Some(text)));
        assert!(error.starts_with(expected), "{error}");
        assert!(!error.contains("hunter"), "{error}");
    }
}
