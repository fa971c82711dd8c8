//! What an operator hears of good and bad settings.

use std::ffi::OsString;

use super::*;

/// The settings of an environment, and of a file with this text where there is one.
fn settings(environment: &[(&str, &str)], file: Option<&str>) -> anyhow::Result<Settings> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wts.toml");
    if let Some(text) = file {
        fs::write(&path, text).unwrap();
    }
    let environment = environment
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let sources = Sources::read(environment, file.map(|_| path.as_path()))?;
    Ok(Settings { sources })
}

fn from_environment(environment: &[(&str, &str)]) -> Settings {
    settings(environment, None).expect("every name is known")
}

fn told<T>(outcome: anyhow::Result<T>) -> String {
    match outcome {
        Ok(_) => panic!("this was taken"),
        Err(error) => format!("{error:#}"),
    }
}

#[test]
fn what_is_not_given_has_its_documented_default() {
    let nothing = from_environment(&[]);
    assert_eq!(nothing.listen().unwrap().to_string(), "127.0.0.1:8080");
    assert_eq!(nothing.default_order().unwrap(), Order::Asc);
}

#[test]
fn what_has_no_default_names_itself_when_it_is_missing() {
    let nothing = from_environment(&[("WTS_DATABASE_URL", ""), ("PATH", "/bin")]);
    let database = told(nothing.database_url());
    assert!(
        database.starts_with("WTS_DATABASE_URL is not set: expected postgres://"),
        "{database}"
    );
    let secret = told(nothing.token());
    assert!(secret.starts_with("WTS_JWT_SECRET is not set"), "{secret}");
    assert!(secret.contains("32 bytes"), "{secret}");
}

#[test]
fn what_cannot_be_read_names_itself_and_what_was_expected() {
    let wrong = from_environment(&[
        ("WTS_LISTEN", "localhost"),
        ("WTS_DEFAULT_ORDER", "newest"),
        ("WTS_DATABASE_URL", "mysql://root:hunter2@localhost/wts"),
    ]);
    assert_eq!(
        told(wrong.listen()),
        "WTS_LISTEN: expected ADDRESS:PORT, such as 127.0.0.1:8080, not \"localhost\""
    );
    assert_eq!(
        told(wrong.default_order()),
        "WTS_DEFAULT_ORDER: expected asc or desc, not \"newest\""
    );
    assert_eq!(
        told(wrong.database_url()),
        "WTS_DATABASE_URL: expected postgres://… or sqlite:PATH"
    );
}

#[test]
fn a_setting_that_does_not_exist_is_an_error_that_lists_those_that_do() {
    let typo = told(settings(&[("WTS_LISTNE", "127.0.0.1:1")], None));
    assert!(
        typo.starts_with("WTS_LISTNE is no setting: expected one of WTS_DATABASE_URL, "),
        "{typo}"
    );
    let typo = told(settings(&[], Some("listne = '127.0.0.1:1'")));
    assert!(typo.starts_with("listne in "), "{typo}");
    assert!(
        typo.contains("is no setting: expected one of database_url, "),
        "{typo}"
    );
}

#[test]
fn variables_that_kubernetes_and_our_tests_set_are_no_settings_of_ours() {
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
fn the_environment_goes_before_the_file() {
    let both = settings(
        &[("WTS_LISTEN", "127.0.0.1:1")],
        Some("listen = '127.0.0.1:2'\ndefault_order = 'desc'"),
    )
    .unwrap();
    assert_eq!(both.listen().unwrap().port(), 1);
    assert_eq!(both.default_order().unwrap(), Order::Desc);
}

#[test]
fn a_file_that_cannot_be_read_says_where_without_repeating_it() {
    let broken = told(settings(
        &[],
        Some("listen = '127.0.0.1:2'\njwt_secret = 'hunter2"),
    ));
    assert!(
        broken.starts_with("line 2 of the settings file "),
        "{broken}"
    );
    assert!(!broken.contains("hunter2"), "{broken}");
    let number = told(settings(&[], Some("listen = 8080")));
    assert!(number.ends_with(": expected a text in quotes"), "{number}");
    let missing = told(Sources::read([], Some(Path::new("/nowhere/wts.toml"))).map(drop));
    assert!(
        missing.starts_with("cannot read the settings file /nowhere/wts.toml"),
        "{missing}"
    );
}

#[test]
fn a_secret_comes_from_a_file_without_its_last_newline() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    for (written, read) in [
        ("s3cret", "s3cret"),
        ("s3cret\n", "s3cret"),
        ("s3cret \n\n", "s3cret \n"),
    ] {
        fs::write(&path, written).unwrap();
        let (token, _) = from_environment(&[("WTS_JWT_SECRET_FILE", path.to_str().unwrap())])
            .token()
            .unwrap();
        assert_eq!(token.secret.expose_secret(), read.as_bytes());
    }
    fs::write(&path, "sqlite:/var/lib/wts.db\n").unwrap();
    assert!(
        from_environment(&[("WTS_DATABASE_URL_FILE", path.to_str().unwrap())])
            .database_url()
            .is_ok()
    );
}

#[test]
fn a_secret_that_is_given_twice_is_an_error() {
    let twice = from_environment(&[
        ("WTS_JWT_SECRET", "hunter2"),
        ("WTS_JWT_SECRET_FILE", "/nowhere"),
    ]);
    assert_eq!(
        told(twice.token()),
        "WTS_JWT_SECRET and WTS_JWT_SECRET_FILE are both set: expected one"
    );
}

#[test]
fn a_secret_file_that_is_missing_names_its_setting() {
    let missing = from_environment(&[("WTS_JWT_SECRET_FILE", "/nowhere/secret")]);
    let error = told(missing.token());
    assert!(
        error.starts_with("WTS_JWT_SECRET_FILE: cannot read /nowhere/secret"),
        "{error}"
    );
}
