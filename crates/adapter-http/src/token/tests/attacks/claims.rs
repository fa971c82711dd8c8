//! Attacks with valid signatures and with claims of a wrong type, time or spelling, as a faulty issuer could sign them.

use super::*;

pub(super) fn attacks() -> Vec<Attack> {
    [malformed(), invalid_times(), other_audiences()].concat()
}

fn attack_with_claims(claims: &str, error: TokenError) -> Attack {
    let kind: String = claims.chars().take(120).collect();
    attack(format!("claims {kind}"), signed(HEADER, claims), error)
}

/// Returns the valid claims, with one member added or replaced.
fn claims_with(member: &str) -> String {
    let name = member.split(':').next().unwrap();
    let rest: Vec<_> = [
        r#""sid":"2024310001""#,
        r#""access":"dev""#,
        r#""exp":4102444800"#,
    ]
    .into_iter()
    .filter(|known| !known.starts_with(name))
    .collect();
    format!("{{{},{member}}}", rest.join(","))
}

fn malformed() -> Vec<Attack> {
    let deep =
        |open: &str, close: &str| format!(r#""x":{}1{}"#, open.repeat(500), close.repeat(500));
    let whole = [
        "",
        "null",
        "[]",
        "\"2024310001\"",
        r#"["2024310001","dev",4102444800]"#,
        r#"[{"sid":"2024310001","access":"dev","exp":4102444800}]"#,
        r#"{"access":"dev","exp":4102444800}"#,
        r#"{"sid":"2024310001","exp":4102444800}"#,
        r#"{"sid":"2024310001","access":"dev"}"#,
        r#"{"SID":"2024310001","access":"dev","exp":4102444800}"#,
        r#"{"sid":"2024310001","access":"dev","exp":4102444800}{}"#,
        r#"{"sid":"2024310001","access":"dev","exp":4102444800} x"#,
        r#"{"sid":"2024310001","access":"dev","exp":4102444800,}"#,
        r#"{"sid":"2024310001","access":"dev","exp":4102444800"#,
        r#"{"sid":"2024310002","sid":"2024310001","access":"dev","exp":4102444800}"#,
        r#"{"sid":"2024310001","access":"user","access":"dev","exp":4102444800}"#,
        r#"{"sid":"2024310001","access":"user","\u0061ccess":"dev","exp":4102444800}"#,
        r#"{"sid":"2024310001","access":"dev","exp":0,"exp":4102444800}"#,
        r#"{"sid":"2024310001","access":"dev","exp":4102444800,"name":"a","name":"b"}"#,
        r#"{"sid":"2024310001","access":"dev","exp":4102444800,"x":{"a":1,"a":2}}"#,
        r#"{"sid":"2024310001","access":"dev","exp":4102444800,"x":[1,[{"b":0,"a":{"c":1,"\u0063":2}}]]}"#,
        "\u{feff}{\"sid\":\"2024310001\",\"access\":\"dev\",\"exp\":4102444800}",
    ];
    let members = [
        r#""sid":null"#,
        r#""sid":2024310001"#,
        r#""sid":true"#,
        r#""sid":["2024310001"]"#,
        r#""sid":{"$ne":null}"#,
        r#""sid":"\ud800""#,
        "\"sid\":\"2024\n310001\"",
        r#""access":8"#,
        r#""access":null"#,
        r#""access":true"#,
        r#""access":["dev"]"#,
        r#""access":{"$gt":""}"#,
        r#""exp":"4102444800""#,
        r#""exp":"never""#,
        r#""exp":true"#,
        r#""exp":null"#,
        r#""exp":[4102444800]"#,
        r#""exp":{}"#,
        r#""exp":1e999"#,
        r#""exp":NaN"#,
        r#""exp":Infinity"#,
        r#""exp":0x7fffffff"#,
        r#""exp":04102444800"#,
        r#""exp":+4102444800"#,
        r#""nbf":"0""#,
        r#""nbf":null"#,
        r#""iat":null"#,
        r#""iat":"1765015200""#,
        r#""iat":{}"#,
        &deep("[", "]"),
        &deep(r#"{"x":"#, "}"),
    ];
    whole
        .into_iter()
        .map(ToOwned::to_owned)
        .chain(members.into_iter().map(claims_with))
        .map(|claims| attack_with_claims(&claims, TokenError::Claims))
        .chain([attack(
            "claims that are not UTF-8",
            signed(
                HEADER,
                b"{\"sid\":\"\xff\",\"access\":\"dev\",\"exp\":4102444800}",
            ),
            TokenError::Claims,
        )])
        .collect()
}

/// Returns tokens whose times are at the limits of the number types that a parser could use.
fn invalid_times() -> Vec<Attack> {
    let expired = [
        "0",
        "-0",
        "-1",
        "1",
        "0.1",
        "1765015170", // expired by exactly the leeway
        "1765015170.0",
        "-9223372036854775808",
        "-1e308",
        "1e-400",
        "4102",
        "2147483647e-1",
    ];
    let in_the_future = [
        "1765015231",
        "1765015230.01",
        "2147483648",
        "4294967296",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "1e308",
    ];
    let too_late = [
        "253402300800",
        "999999999999",
        "253402300799001",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "1e308",
    ];
    let attack_with_time = |name: &'static str, error| {
        move |at: &str| attack_with_claims(&claims_with(&format!(r#""{name}":{at}"#)), error)
    };
    expired
        .into_iter()
        .map(attack_with_time("exp", TokenError::Expired))
        .chain(
            too_late
                .into_iter()
                .map(attack_with_time("exp", TokenError::ExpiresTooLate)),
        )
        .chain(["exp", "nbf", "iat"].into_iter().flat_map(|name| {
            // The first and the last time, one in ten minutes, and the year 2100.
            let times = [
                "1000000000000",
                "253402300799000",
                "1765015800000",
                "4102444800000.5",
            ];
            times.map(attack_with_time(name, TokenError::InMilliseconds(name)))
        }))
        .chain(
            in_the_future
                .into_iter()
                .map(attack_with_time("nbf", TokenError::NotYetValid)),
        )
        .chain(
            in_the_future
                .into_iter()
                .map(attack_with_time("iat", TokenError::IssuedInTheFuture)),
        )
        .collect()
}

/// Returns tokens for other audiences. No audience is configured, so every `aud` is another one (RFC 7519 4.1.3).
fn other_audiences() -> Vec<Attack> {
    [
        r#""another-service""#,
        r#""""#,
        r#"["another-service"]"#,
        "[]",
        "null",
        "7",
        r#"{"wts":true}"#,
        r#"[["wts"]]"#,
    ]
    .into_iter()
    .map(|aud| {
        attack_with_claims(
            &claims_with(&format!(r#""aud":{aud}"#)),
            TokenError::NoAudienceConfigured,
        )
    })
    .collect()
}
