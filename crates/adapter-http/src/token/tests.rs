//! Tests of which tokens are accepted.

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

/// Returns a verifier of tokens that are signed with the shared secret.
fn verifier(settings: TokenSettings) -> TokenVerifier {
    TokenVerifier::new(
        Keyring::fixed(vec![Key::shared(&secret())]).unwrap(),
        settings,
    )
}

fn token_with_claims(claims: &Value) -> String {
    signed(r#"{"alg":"HS256","typ":"JWT"}"#, claims.to_string())
}

/// Returns a token with the claims of a student, in which one claim has been added or replaced.
fn token_with_claim(name: &str, value: Value) -> String {
    let mut claims = json!({"sid": "2024310001", "access": "user", "exp": NOW + 600, "iat": NOW});
    claims[name] = value;
    token_with_claims(&claims)
}

fn verify(token: &str) -> Result<Caller, TokenError> {
    verifier(TokenSettings::default()).verify(token, NOW)
}

fn student() -> Caller {
    Caller::new(StudentId::from("2024310001"), Access::User)
}

fn subject() -> TokenSubject {
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
    assert_eq!(verify(&token_with_claims(&claims)), Ok(student()));
}

#[test]
fn unknown_access_claim_gives_rank_unregistered() {
    for rank in Access::ALL {
        assert_eq!(
            verify(&token_with_claim("access", json!(rank.as_str())))
                .unwrap()
                .access,
            *rank
        );
    }
    for unknown in ["", "admin", "User", " user", "operator"] {
        assert_eq!(
            verify(&token_with_claim("access", json!(unknown)))
                .unwrap()
                .access,
            Access::Unregistered
        );
    }
}

/// The rejected times just beyond these are in `attacks`.
#[test]
fn token_is_accepted_up_to_30_seconds_outside_its_validity() {
    for token in [
        token_with_claim("exp", json!(NOW - 29)),
        token_with_claim("exp", json!(1_765_015_170.5)),
        token_with_claim("exp", json!(253_402_300_799_u64)),
        token_with_claim("nbf", json!(NOW + 30)),
        token_with_claim("iat", json!(NOW + 30)),
        token_with_claim("iat", json!(-1)),
    ] {
        assert_eq!(verify(&token), Ok(student()), "{token}");
    }
}

#[test]
fn token_of_other_issuer_is_rejected() {
    let settings = TokenSettings {
        issuer: Some("sign-in".to_owned()),
        ..TokenSettings::default()
    };
    let verifier = verifier(settings);
    let verify = |token: &str| verifier.verify(token, NOW);

    assert_eq!(
        verify(&token_with_claim("iss", json!("sign-in"))),
        Ok(student())
    );
    for other in [
        json!("sign-in "),
        json!("Sign-in"),
        json!(["sign-in"]),
        json!(null),
        json!(""),
    ] {
        assert_eq!(
            verify(&token_with_claim("iss", other)),
            Err(TokenError::WrongIssuer)
        );
    }
    assert_eq!(
        verify(&token_with_claim("sub", json!("x"))),
        Err(TokenError::WrongIssuer),
        "iss is missing"
    );
}

#[test]
fn token_for_other_audience_is_rejected() {
    let audience = Some("wts".to_owned());
    let with_audience = verifier(TokenSettings {
        audience,
        ..TokenSettings::default()
    });
    let without = verifier(TokenSettings::default());

    assert_eq!(
        with_audience.verify(&token_with_claim("sub", json!("x")), NOW),
        Ok(student()),
        "aud is missing"
    );
    for accepted in [json!("wts"), json!(["wts"]), json!(["other", "wts"])] {
        assert_eq!(
            with_audience.verify(&token_with_claim("aud", accepted.clone()), NOW),
            Ok(student())
        );
        assert_eq!(
            without.verify(&token_with_claim("aud", accepted), NOW),
            Err(TokenError::NoAudienceConfigured)
        );
    }
    for other in [
        json!("other"),
        json!([]),
        json!(null),
        json!(""),
        json!(["wts", 7]),
        json!({"wts": 1}),
        json!([["wts"]]),
    ] {
        assert_eq!(
            with_audience.verify(&token_with_claim("aud", other.clone()), NOW),
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
        .sign(&subject(), NOW, Duration::from_secs(60))
        .unwrap();

    assert_eq!(verifier.verify(&token, NOW), Ok(student()));
    assert_eq!(verifier.verify(&token, NOW + 89), Ok(student()));
    assert_eq!(verifier.verify(&token, NOW + 90), Err(TokenError::Expired));
    let longest = signer.sign(&subject(), NOW, Duration::MAX).unwrap();
    assert_eq!(verifier.verify(&longest, NOW), Ok(student()));
}
