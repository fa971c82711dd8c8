//! Which tokens are accepted.

mod attacks;
pub(super) mod forge;
mod mutations;
mod vectors;

use std::time::Duration;

use serde_json::{Value, json};
use wts_domain::{Access, Caller, StudentId};

use self::forge::{SECRET, signed};
use super::*;

const NOW: i64 = 1_765_015_200;

fn secret() -> Secret {
    Secret::new(SECRET.to_vec()).unwrap()
}

/// A verifier of tokens under the shared secret.
fn verifier(settings: TokenSettings) -> TokenVerifier {
    TokenVerifier::new(
        Keyring::fixed(vec![Key::shared(&secret())]).unwrap(),
        settings,
    )
}

fn with_claims(claims: &Value) -> String {
    signed(r#"{"alg":"HS256","typ":"JWT"}"#, claims.to_string())
}

/// A resident's claims, but for one.
fn but(name: &str, value: Value) -> String {
    let mut claims = json!({"sid": "2024310001", "access": "user", "exp": NOW + 600, "iat": NOW});
    claims[name] = value;
    with_claims(&claims)
}

fn verify(token: &str) -> Result<Caller, TokenError> {
    verifier(TokenSettings::default()).verify(token, NOW)
}

fn resident() -> Caller {
    Caller::new(StudentId::from("2024310001"), Access::User)
}

fn identity() -> TokenSubject {
    TokenSubject {
        openid: "o-1".to_owned(),
        sid: "2024310001".to_owned(),
        username: "alice".to_owned(),
        avatar: "https://example.org/a.png".to_owned(),
        access: Access::User,
        name: "爱丽丝".to_owned(),
    }
}

#[test]
fn token_of_the_sign_in_service_is_accepted() {
    let claims = json!({
        "openid": "o-1", "sid": "2024310001", "username": "alice", "avatar": "", "access": "user", "name": "爱丽丝",
        "exp": NOW + 600, "iat": NOW,
    });
    assert_eq!(verify(&with_claims(&claims)), Ok(resident()));
}

#[test]
fn every_rank_is_read_and_any_other_is_unregistered() {
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

/// The catalogue of attacks has the times just beyond these.
#[test]
fn token_is_accepted_up_to_half_a_minute_outside_its_time() {
    for token in [
        but("exp", json!(NOW - 29)),
        but("exp", json!(1_765_015_170.5)),
        but("exp", json!(253_402_300_799_u64)),
        but("nbf", json!(NOW + 30)),
        but("iat", json!(NOW + 30)),
        but("iat", json!(-1)),
    ] {
        assert_eq!(verify(&token), Ok(resident()), "{token}");
    }
}

#[test]
fn token_of_another_issuer_is_rejected() {
    let settings = TokenSettings {
        issuer: Some("sign-in".to_owned()),
        ..TokenSettings::default()
    };
    let verifier = verifier(settings);
    let verify = |token: &str| verifier.verify(token, NOW);

    assert_eq!(verify(&but("iss", json!("sign-in"))), Ok(resident()));
    for other in [
        json!("sign-in "),
        json!("Sign-in"),
        json!(["sign-in"]),
        json!(null),
        json!(""),
    ] {
        assert_eq!(verify(&but("iss", other)), Err(TokenError::WrongIssuer));
    }
    assert_eq!(
        verify(&but("sub", json!("x"))),
        Err(TokenError::WrongIssuer),
        "without iss"
    );
}

#[test]
fn token_for_another_audience_is_rejected() {
    let audience = Some("wts".to_owned());
    let with_audience = verifier(TokenSettings {
        audience,
        ..TokenSettings::default()
    });
    let without = verifier(TokenSettings::default());

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
            Err(TokenError::WrongAudience)
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
            Err(TokenError::WrongAudience)
        );
    }
}

#[test]
fn token_of_the_signer_is_accepted() {
    let settings = TokenSettings {
        issuer: Some("sign-in".to_owned()),
        audience: Some("wts".to_owned()),
    };
    let signer = TokenSigner::new(&secret(), settings.clone());
    let verifier = verifier(settings);

    let token = signer
        .sign(&identity(), NOW, Duration::from_secs(60))
        .unwrap();

    assert_eq!(verifier.verify(&token, NOW), Ok(resident()));
    assert_eq!(verifier.verify(&token, NOW + 89), Ok(resident()));
    assert_eq!(verifier.verify(&token, NOW + 90), Err(TokenError::Expired));
    let for_ever = signer.sign(&identity(), NOW, Duration::MAX).unwrap();
    assert_eq!(verifier.verify(&for_ever, NOW), Ok(resident()));
}
