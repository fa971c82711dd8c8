//! The type for HTTP responses.

use serde_json::Value;

/// A complete HTTP response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8(bytes.to_vec()).expect("responses are UTF-8");
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("no head in {text:?}"));
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .and_then(|code| code.parse().ok());
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        Self {
            status: status.expect("a status line"),
            headers,
            body: body.to_owned(),
        }
    }

    /// Returns the complete response as text.
    pub(crate) fn shown(&self) -> String {
        format!("{self:?}")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {:?}", self.body))
    }

    /// Returns the ids of the traces in the order of the response.
    pub(crate) fn opids(&self) -> Vec<i64> {
        let body = self.json();
        let traces = body
            .get("traces")
            .and_then(Value::as_array)
            .unwrap_or_else(|| panic!("no traces in {body}"));
        traces
            .iter()
            .filter_map(|trace| trace.get("opid")?.as_i64())
            .collect()
    }
}
