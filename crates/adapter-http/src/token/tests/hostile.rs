//! Tokens that somebody made to get in.

use proptest::prelude::*;

use super::*;

const CLAIMS: &str = r#"{"sid":"2024310001","access":"dev","exp":4102444800}"#;

#[test]
fn the_claims_that_they_carry_would_be_good() {
    assert!(verify(&signed(r#"{"alg":"HS256"}"#, CLAIMS)).is_ok());
    assert!(
        verify(&signed(
            r#"{"alg":"HS256","typ":"at+jwt","kid":"../../dev/null"}"#,
            CLAIMS
        ))
        .is_ok()
    );
}

#[test]
fn no_header_chooses_the_algorithm() {
    for alg in [
        "none", "None", "NONE", "nOnE", "", "hs256", "HS256 ", "HS384", "HS512", "RS256", "ES256",
        "EdDSA", "dir",
    ] {
        let header = json!({"alg": alg, "typ": "JWT"}).to_string();
        assert_eq!(
            verify(&signed(&header, CLAIMS)),
            Err(TokenError::AnotherAlgorithm),
            "{alg}"
        );
        let unsigned = format!("{}.{}.", base64url(&header), base64url(CLAIMS));
        assert_eq!(
            verify(&unsigned),
            Err(TokenError::AnotherAlgorithm),
            "{alg}"
        );
    }
    let unsigned = format!("{}.{}.", base64url(r#"{"alg":"HS256"}"#), base64url(CLAIMS));
    assert_eq!(verify(&unsigned), Err(TokenError::Signature));
}

#[test]
fn no_header_brings_its_own_key() {
    let another_key = EncodingKey::from_secret(b"a secret of the attacker's own, also of 32 bytes");
    for header in [
        json!({"alg": "HS256", "jwk": {"kty": "oct", "k": base64url("a secret of the attacker's own, also of 32 bytes")}}),
        json!({"alg": "HS256", "jku": "https://attacker.example/keys"}),
        json!({"alg": "HS256", "x5u": "https://attacker.example/cert"}),
        json!({"alg": "HS256", "kid": "' union select 'attacker"}),
    ] {
        let message = format!("{}.{}", base64url(header.to_string()), base64url(CLAIMS));
        let signature = crypto::sign(message.as_bytes(), &another_key, Algorithm::HS256).unwrap();
        assert_eq!(
            verify(&format!("{message}.{signature}")),
            Err(TokenError::Signature),
            "{header}"
        );
    }
}

#[test]
fn no_header_asks_for_more_than_is_understood() {
    for crit in ["[]", "[\"b64\"]", "[\"exp\"]", "null", "false"] {
        let header = format!(r#"{{"alg":"HS256","b64":false,"crit":{crit}}}"#);
        assert_eq!(
            verify(&signed(&header, CLAIMS)),
            Err(TokenError::CriticalHeader),
            "{crit}"
        );
    }
    for typ in [
        r#""JOSE""#,
        r#""dpop+jwt""#,
        r#""JWE""#,
        r#""""#,
        "null",
        "1",
        r#"["JWT"]"#,
    ] {
        let header = format!(r#"{{"alg":"HS256","typ":{typ}}}"#);
        assert_eq!(
            verify(&signed(&header, CLAIMS)),
            Err(TokenError::AnotherType),
            "{typ}"
        );
    }
}

#[test]
fn a_header_is_one_object_that_says_everything_once() {
    for header in [
        "",
        "null",
        "{}",
        "[\"HS256\"]",
        "[\"HS256\",null,null]",
        r#"{"alg":null}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"HS256"}{}"#,
        r#"{"alg":"HS256"} x"#,
        r#"{"alg":"HS256",}"#,
        r"{'alg':'HS256'}",
        r#"{"Alg":"HS256"}"#,
        "\u{feff}{\"alg\":\"HS256\"}",
    ] {
        assert_eq!(
            verify(&signed(header, CLAIMS)),
            Err(TokenError::Header),
            "{header}"
        );
    }
}

#[test]
fn claims_are_one_object_of_the_right_types_that_says_everything_once() {
    let deep = format!("{}1{}", "[".repeat(2_000), "]".repeat(2_000));
    for claims in [
        "",
        "null",
        "[]",
        r#"["2024310001","dev",4102444800]"#,
        r#"{"access":"dev","exp":4102444800}"#,
        r#"{"sid":"2024310001","exp":4102444800}"#,
        r#"{"sid":"2024310001","access":"dev"}"#,
        r#"{"sid":null,"access":"dev","exp":4102444800}"#,
        r#"{"sid":2024310001,"access":"dev","exp":4102444800}"#,
        r#"{"sid":["2024310001"],"access":"dev","exp":4102444800}"#,
        r#"{"sid":"2024310001","access":8,"exp":4102444800}"#,
        r#"{"sid":"2024310001","access":["dev"],"exp":4102444800}"#,
        r#"{"sid":"2024310001","access":"dev","exp":"4102444800"}"#,
        r#"{"sid":"2024310001","access":"dev","exp":true}"#,
        r#"{"sid":"2024310001","access":"dev","exp":null}"#,
        r#"{"sid":"2024310001","access":"dev","exp":1e999}"#,
        r#"{"sid":"2024310001","access":"dev","exp":NaN}"#,
        r#"{"sid":"2024310001","access":"dev","exp":Infinity}"#,
        r#"{"sid":"2024310001","access":"dev","exp":4102444800,"nbf":"0"}"#,
        r#"{"sid":"2024310001","access":"dev","exp":4102444800,"iat":null}"#,
        r#"{"sid":"2024310002","sid":"2024310001","access":"dev","exp":4102444800}"#,
        r#"{"sid":"2024310001","access":"user","access":"dev","exp":4102444800}"#,
        r#"{"sid":"2024310001","access":"dev","exp":0,"exp":4102444800}"#,
        r#"{"sid":"2024310001","access":"dev","exp":4102444800}{}"#,
        r#"{"sid":"\ud800","access":"dev","exp":4102444800}"#,
        &format!(r#"{{"sid":{deep},"access":"dev","exp":4102444800}}"#),
    ] {
        assert_eq!(
            verify(&signed(r#"{"alg":"HS256"}"#, claims)),
            Err(TokenError::Claims),
            "{claims}"
        );
    }
    let key = EncodingKey::from_secret(SECRET);
    let not_utf8 = b"{\"sid\":\"\xff\",\"access\":\"dev\",\"exp\":4102444800}";
    let message = format!(
        "{}.{}",
        base64url(r#"{"alg":"HS256"}"#),
        base64url(not_utf8)
    );
    let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    assert_eq!(
        verify(&format!("{message}.{signature}")),
        Err(TokenError::Claims)
    );
}

#[test]
fn a_token_is_three_parts_in_the_one_spelling_of_base64url() {
    let good = signed(r#"{"alg":"HS256"}"#, CLAIMS);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    for bad in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "....".to_owned(),
        header.to_owned(),
        message.to_owned(),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{signature}"),
        format!("{header}.{claims}.{claims}.{signature}"),
        format!("{header}..{signature}"),
        format!(".{claims}.{signature}"),
        format!("{good}="),
        format!("{header}=.{claims}.{signature}"),
        format!("{good} "),
        format!("{good}\n"),
        format!("{header}.{claims}.{}", &signature[..42]),
        format!("{header}.{claims}.{}", &signature[..22]),
        format!("{header}.{claims}.{signature}AA"),
        format!("{header}.{claims}.{signature}{signature}"),
        good.replace('e', "%65"),
        base64url(&good),
    ] {
        assert!(verify(&bad).is_err(), "{bad}");
    }
}

#[test]
fn a_token_over_8_kib_is_not_looked_at() {
    let of_length = |length: usize| {
        let good = signed(r#"{"alg":"HS256"}"#, CLAIMS);
        let pad = (0..).find_map(|pad| {
            let claims = format!(r#"{{"x":"{}",{}"#, "x".repeat(pad), &CLAIMS[1..]);
            let token = signed(r#"{"alg":"HS256"}"#, &claims);
            (token.len() >= length).then_some(token)
        });
        assert!(good.len() < length);
        pad.unwrap()
    };
    let longest = of_length(8_192 - 1);
    assert!(longest.len() <= 8_192 && verify(&longest).is_ok());
    let longer = of_length(8_193);
    assert_eq!(verify(&longer), Err(TokenError::TooLong));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn no_mutation_of_a_good_token_is_believed(at in 0_usize..1_000, to in "[A-Za-z0-9_.=+/-]?", insert: bool) {
        let good = signed(r#"{"alg":"HS256","typ":"JWT"}"#, CLAIMS);
        let at = at % good.len();
        let mut mutant = good.clone();
        mutant.replace_range(at..if insert { at } else { at + 1 }, &to);
        prop_assert!(mutant == good || verify(&mutant).is_err(), "{mutant}");
    }

    #[test]
    fn any_text_is_refused(token in "\\PC{0,60}|[A-Za-z0-9_-]{0,20}(\\.[A-Za-z0-9_-]{0,20}){2}") {
        prop_assert!(verify(&token).is_err());
    }
}
