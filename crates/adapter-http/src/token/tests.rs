//! Which tokens are believed.

mod hostile;

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use secrecy::SecretSlice;
use serde_json::{Value, json};
use wts_domain::{Access, Caller, StudentId};

use super::*;

const SECRET: &[u8] = b"a secret of more than the 32 bytes that HS256 needs";
const NOW: i64 = 1_765_015_200;

fn settings() -> TokenSettings {
    TokenSettings {
        secret: SECRET.to_vec().into(),
        issuer: None,
        audience: None,
    }
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Any two texts as header and claims, well signed.
fn signed(header: &str, claims: &str) -> String {
    let message = format!("{}.{}", base64url(header), base64url(claims));
    let key = EncodingKey::from_secret(SECRET);
    let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

fn with_claims(claims: &Value) -> String {
    signed(r#"{"alg":"HS256","typ":"JWT"}"#, &claims.to_string())
}

/// A resident's claims, but for one.
fn but(name: &str, value: Value) -> String {
    let mut claims = json!({"sid": "2024310001", "access": "user", "exp": NOW + 600, "iat": NOW});
    claims[name] = value;
    with_claims(&claims)
}

fn verify(token: &str) -> Result<Caller, TokenError> {
    TokenVerifier::new(&settings()).unwrap().verify(token, NOW)
}

fn resident() -> Caller {
    Caller::new(StudentId::from("2024310001"), Access::User)
}

fn identity() -> Identity {
    Identity {
        openid: "o-1".to_owned(),
        sid: "2024310001".to_owned(),
        username: "alice".to_owned(),
        avatar: "https://example.org/a.png".to_owned(),
        access: Access::User,
        name: "爱丽丝".to_owned(),
    }
}

#[test]
fn a_token_as_the_sign_in_service_issues_it_names_its_bearer() {
    let claims = json!({
        "openid": "o-1", "sid": "2024310001", "username": "alice", "avatar": "", "access": "user", "name": "爱丽丝",
        "exp": NOW + 600, "iat": NOW,
    });
    assert_eq!(verify(&with_claims(&claims)), Ok(resident()));
}

#[test]
fn every_rank_is_read_and_what_is_none_may_do_nothing() {
    for rank in Access::ALL {
        assert_eq!(
            verify(&but("access", json!(rank.as_str()))).unwrap().access,
            *rank
        );
    }
    for unknown in ["", "admin", "User", " user", "operator"] {
        assert_eq!(
            verify(&but("access", json!(unknown))).unwrap().access,
            Access::Unregistered
        );
    }
}

#[test]
fn a_token_is_believed_in_its_time_and_for_half_a_minute_around_it() {
    use TokenError::{Expired, IssuedInTheFuture, NotYetValid};
    for (token, outcome) in [
        (but("exp", json!(NOW - 29)), Ok(resident())),
        (but("exp", json!(NOW - 30)), Err(Expired)),
        (but("exp", json!(1_765_015_170.5)), Ok(resident())),
        (but("exp", json!(0)), Err(Expired)),
        (but("exp", json!(i64::MIN)), Err(Expired)),
        (but("exp", json!(u64::MAX)), Ok(resident())),
        (but("exp", json!(-1e308)), Err(Expired)),
        (but("nbf", json!(NOW + 30)), Ok(resident())),
        (but("nbf", json!(NOW + 31)), Err(NotYetValid)),
        (but("nbf", json!(u64::MAX)), Err(NotYetValid)),
        (but("iat", json!(NOW + 30)), Ok(resident())),
        (but("iat", json!(NOW + 31)), Err(IssuedInTheFuture)),
        (but("iat", json!(-1)), Ok(resident())),
    ] {
        assert_eq!(verify(&token), outcome, "{token}");
    }
}

#[test]
fn a_configured_issuer_must_have_issued_it() {
    let settings = TokenSettings {
        issuer: Some("sign-in".to_owned()),
        ..settings()
    };
    let verify = |token: &str| TokenVerifier::new(&settings).unwrap().verify(token, NOW);

    assert_eq!(verify(&but("iss", json!("sign-in"))), Ok(resident()));
    for other in [
        json!("sign-in "),
        json!("Sign-in"),
        json!(["sign-in"]),
        json!(null),
        json!(""),
    ] {
        assert_eq!(verify(&but("iss", other)), Err(TokenError::AnotherIssuer));
    }
    assert_eq!(
        verify(&but("sub", json!("x"))),
        Err(TokenError::AnotherIssuer),
        "without iss"
    );
}

#[test]
fn a_token_that_names_an_audience_names_ours() {
    let audience = Some("wts".to_owned());
    let with_audience = TokenVerifier::new(&TokenSettings {
        audience,
        ..settings()
    })
    .unwrap();
    let without = TokenVerifier::new(&settings()).unwrap();

    assert_eq!(
        with_audience.verify(&but("sub", json!("x")), NOW),
        Ok(resident()),
        "it names none"
    );
    for ours in [json!("wts"), json!(["wts"]), json!(["another", "wts"])] {
        assert_eq!(
            with_audience.verify(&but("aud", ours.clone()), NOW),
            Ok(resident())
        );
        assert_eq!(
            without.verify(&but("aud", ours), NOW),
            Err(TokenError::AnotherAudience)
        );
    }
    for another in [
        json!("another"),
        json!([]),
        json!(null),
        json!(""),
        json!(["wts", 7]),
        json!({"wts": 1}),
        json!([["wts"]]),
    ] {
        assert_eq!(
            with_audience.verify(&but("aud", another.clone()), NOW),
            Err(TokenError::AnotherAudience)
        );
        assert_eq!(
            without.verify(&but("aud", another), NOW),
            Err(TokenError::AnotherAudience)
        );
    }
}

#[test]
fn what_is_signed_here_is_believed_here() {
    let settings = TokenSettings {
        issuer: Some("sign-in".to_owned()),
        audience: Some("wts".to_owned()),
        ..settings()
    };
    let signer = TokenSigner::new(&settings).unwrap();
    let verifier = TokenVerifier::new(&settings).unwrap();

    let token = signer
        .sign(&identity(), NOW, Duration::from_secs(60))
        .unwrap();

    assert_eq!(verifier.verify(&token, NOW), Ok(resident()));
    assert_eq!(verifier.verify(&token, NOW + 89), Ok(resident()));
    assert_eq!(verifier.verify(&token, NOW + 90), Err(TokenError::Expired));
    let for_ever = signer.sign(&identity(), NOW, Duration::MAX).unwrap();
    assert_eq!(verifier.verify(&for_ever, NOW), Ok(resident()));
}

/// RFC 7515 A.1: its signature is good, and only then is it found to lack our claims.
#[test]
fn the_example_of_rfc_7515_is_verified() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    const KEY: &str =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    const EXAMPLE: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
        eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
        dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let settings = TokenSettings {
        secret: URL_SAFE_NO_PAD.decode(KEY).unwrap().into(),
        ..settings()
    };
    let verifier = TokenVerifier::new(&settings).unwrap();

    assert_eq!(verifier.verify(EXAMPLE, NOW), Err(TokenError::Claims));
    assert_eq!(
        verifier.verify(&EXAMPLE.replace("dBjf", "dBjg"), NOW),
        Err(TokenError::Signature)
    );
}

#[test]
fn a_weak_secret_neither_signs_nor_verifies() {
    for bytes in [0, 1, 31] {
        let settings = TokenSettings {
            secret: SecretSlice::from(vec![b'x'; bytes]),
            ..settings()
        };
        assert_eq!(
            TokenVerifier::new(&settings).err(),
            Some(WeakSecret { bytes })
        );
        assert_eq!(
            TokenSigner::new(&settings).err(),
            Some(WeakSecret { bytes })
        );
    }
    let enough = TokenSettings {
        secret: SecretSlice::from(vec![b'x'; 32]),
        ..settings()
    };
    assert!(TokenVerifier::new(&enough).is_ok());
}

#[test]
fn settings_do_not_print_their_secret() {
    let printed = format!("{:?}", settings());
    assert!(
        !printed.contains("97, 32") && !printed.contains("a secret"),
        "{printed}"
    );
}
