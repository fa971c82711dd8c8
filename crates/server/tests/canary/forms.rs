//! The encodings in which programs print text.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE},
};

/// Returns `canary` unchanged, and in the encodings in which programs print bytes and escaped text.
pub(super) fn forms(canary: &str) -> Vec<String> {
    let bytes = canary.as_bytes();
    let each = |spelled: fn(&u8) -> String, between: &str| {
        let bytes: Vec<_> = bytes.iter().map(spelled).collect();
        bytes.join(between)
    };
    let units: Vec<_> = canary
        .encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect();
    let mut forms = vec![
        canary.to_owned(),
        canary.escape_unicode().to_string(),
        canary.escape_debug().to_string(),
        bytes.escape_ascii().to_string(),
        serde_json::to_string(canary)
            .unwrap()
            .trim_matches('"')
            .to_owned(),
        units.concat(),
        each(u8::to_string, ", "),
        each(u8::to_string, ","),
        each(|byte| format!("{byte:02x}"), ""),
        each(|byte| format!("{byte:02X}"), ""),
        each(|byte| format!("{byte:02x}"), " "),
    ];
    for engine in [STANDARD, URL_SAFE] {
        // Base64 has three encodings of the same text, depending on its offset in the encoded data.
        for before in 0..3 {
            let encoded = engine.encode([vec![0; before], bytes.to_vec()].concat());
            let (begin, end) = (
                (before * 8_usize).div_ceil(6),
                (before + bytes.len()) * 8 / 6,
            );
            forms.extend(encoded.get(begin..end).map(ToOwned::to_owned));
        }
    }
    forms
}
