//! Attacks on the encoding of a token: noncanonical base64url, too many or too few parts, or another serialization (RFC
//! 7515 2, RFC 4648 3.5).

use super::*;

pub(super) fn attacks() -> Vec<Attack> {
    let valid = signed(HEADER, CLAIMS);
    let (message, signature) = valid.rsplit_once('.').unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    [
        parts(&valid, header, claims, signature),
        characters(header, claims, signature),
        lengths(message, signature),
    ]
    .concat()
}

fn parts(valid: &str, header: &str, claims: &str, signature: &str) -> Vec<Attack> {
    let json =
        format!(r#"{{"protected":"{header}","payload":"{claims}","signature":"{signature}"}}"#);
    let nested = base64url(valid);
    let shape = TokenError::Malformed;
    [
        ("nothing", String::new(), shape),
        ("one dot", ".".to_owned(), shape),
        ("two dots", "..".to_owned(), TokenError::Header),
        ("four dots", "....".to_owned(), shape),
        ("only a header", header.to_owned(), shape),
        ("two parts", format!("{header}.{claims}"), shape),
        ("a dot after the token", format!("{valid}."), shape),
        ("a dot before the token", format!(".{valid}"), shape),
        (
            "a part after the token",
            format!("{valid}.{signature}"),
            shape,
        ),
        (
            "claims twice",
            format!("{header}.{claims}.{claims}.{signature}"),
            shape,
        ),
        (
            "five parts, a JWE",
            format!("{header}.{claims}.{signature}.{claims}.{signature}"),
            shape,
        ),
        (
            "no claims",
            format!("{header}..{signature}"),
            TokenError::Signature,
        ),
        (
            "no header",
            format!(".{claims}.{signature}"),
            TokenError::Header,
        ),
        (
            "parts in another order",
            format!("{claims}.{header}.{signature}"),
            TokenError::Header,
        ),
        ("the JSON serialization", json.clone(), shape),
        (
            "the JSON serialization in base64url",
            base64url(json),
            shape,
        ),
        ("a token in base64url", nested.clone(), shape),
        (
            "a token for claims",
            signed(HEADER, valid),
            TokenError::Claims,
        ),
        (
            "a token in base64url for claims",
            signed(HEADER, format!("\"{nested}\"")),
            TokenError::Claims,
        ),
        ("a token twice", format!("{valid}{valid}"), shape),
        ("the word null", "null".to_owned(), shape),
        ("the word undefined", "undefined".to_owned(), shape),
        ("[object Object]", "[object Object]".to_owned(), shape),
    ]
    .into_iter()
    .map(|(kind, token, error)| attack(kind, token, error))
    .collect()
}

fn characters(header: &str, claims: &str, signature: &str) -> Vec<Attack> {
    // Four of the six bits of the last character belong to the 32 bytes. A careless decoder ignores the two other bits.
    let last = signature.chars().last().unwrap();
    let twin = ALPHABET[(ALPHABET.iter().position(|letter| *letter == last).unwrap()) ^ 1];
    let lax = format!("{}{twin}", &signature[..42]);
    let standard = signature.replace('-', "+").replace('_', "/");
    let mut attacks = vec![
        attack(
            "the unused bits of the last character set",
            format!("{header}.{claims}.{lax}"),
            TokenError::Signature,
        ),
        attack(
            "padding in the header",
            format!("{header}=.{claims}.{signature}"),
            TokenError::Malformed,
        ),
        attack(
            "padding in the claims",
            format!("{header}.{claims}==.{signature}"),
            TokenError::Signature,
        ),
        attack(
            "padding in the signature",
            format!("{header}.{claims}.{signature}="),
            TokenError::Signature,
        ),
        attack(
            "percent-encoding",
            format!("%65{}.{claims}.{signature}", &header[1..]),
            TokenError::Malformed,
        ),
    ];
    if standard != signature {
        attacks.push(attack(
            "a signature in base64",
            format!("{header}.{claims}.{standard}"),
            TokenError::Signature,
        ));
    }
    for (kind, inserted) in [
        ("a space", " "),
        ("a newline", "\n"),
        ("a line break", "\r\n"),
        ("a tab", "\t"),
        ("a zero byte", "\0"),
        ("a character outside base64url", "*"),
        ("a character of base64", "+"),
        ("a no-break space", "\u{a0}"),
        ("a zero-width space", "\u{200b}"),
        ("a Cyrillic letter", "\u{430}"),
        ("a fullwidth letter", "\u{ff21}"),
        ("a combining accent", "\u{301}"),
    ] {
        for (place, token, error) in [
            (
                "before the token",
                format!("{inserted}{header}.{claims}.{signature}"),
                TokenError::Malformed,
            ),
            (
                "in the header",
                format!(
                    "{}{inserted}{}.{claims}.{signature}",
                    &header[..4],
                    &header[4..]
                ),
                TokenError::Malformed,
            ),
            (
                "in the claims",
                format!(
                    "{header}.{}{inserted}{}.{signature}",
                    &claims[..4],
                    &claims[4..]
                ),
                TokenError::Signature,
            ),
            (
                "after the token",
                format!("{header}.{claims}.{signature}{inserted}"),
                TokenError::Signature,
            ),
        ] {
            attacks.push(attack(format!("{kind} {place}"), token, error));
        }
    }
    attacks
}

const ALPHABET: [char; 64] = {
    let characters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut alphabet = ['A'; 64];
    let mut at = 0;
    while at < 64 {
        alphabet[at] = characters[at] as char;
        at += 1;
    }
    alphabet
};

fn lengths(message: &str, signature: &str) -> Vec<Attack> {
    let mut attacks: Vec<_> = [1, 2, 4, 8, 16, 22, 32, 40, 41, 42]
        .into_iter()
        .map(|length| {
            let token = format!("{message}.{}", &signature[..length]);
            attack(
                format!("a signature of {length} characters"),
                token,
                TokenError::Signature,
            )
        })
        .collect();
    let long = |length: usize| {
        let claims = |pad| format!(r#"{{"x":"{}",{}"#, "x".repeat(pad), &CLAIMS[1..]);
        (0..length)
            .map(|pad| signed(HEADER, claims(pad)))
            .find(|token| token.len() >= length)
            .unwrap()
    };
    assert!(target().verify(&long(8_190), NOW).is_ok());
    attacks.extend([
        attack(
            "a signature twice",
            format!("{message}.{signature}{signature}"),
            TokenError::Signature,
        ),
        attack(
            "a longer signature",
            format!("{message}.{signature}AA"),
            TokenError::Signature,
        ),
        attack("a valid token over 8 KiB", long(8_193), TokenError::TooLong),
        attack("a megabyte", "a".repeat(1 << 20), TokenError::TooLong),
        attack(
            "a megabyte of dots",
            ".".repeat(1 << 20),
            TokenError::TooLong,
        ),
    ]);
    attacks
}
