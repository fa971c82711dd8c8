//! The query parameters of a request for traces.

use std::{
    borrow::Cow,
    future::{Ready, ready},
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web::Data};
use wts_domain::{TicketId, Timestamp};

use super::view::TracesView;
use crate::{
    error::{ApiError, LocalizedText},
    response::{Format, preferred_format, prefers_event_stream},
    settings::{HttpSettings, Order, UnknownOrder},
};

/// The parsed query parameters.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Params {
    pub(super) ticket: TicketId,
    pub(super) view: TracesView,
    /// The format of the response, `None` if `format` is missing and the client accepts no available format.
    pub(super) format: Option<Format>,
    /// Whether the response is an event stream, which ignores `format`.
    pub(super) is_stream: bool,
}

impl Params {
    /// Parses the parameters of a query string. Unknown parameters are ignored. The defaults apply if `order` or
    /// `format` is missing. If `format` is missing and the client prefers an event stream, the response is one.
    fn parse(
        query: &str,
        default_order: Order,
        default_format: impl FnOnce() -> Option<Format>,
        prefers_stream: impl FnOnce() -> bool,
    ) -> Result<Self, ApiError> {
        let query = Query::parse(query);
        let ticket = query
            .tid
            .single(|| ApiError::InvalidTicket("given more than once".into()))?
            .ok_or(ApiError::MissingTicket)?
            .parse()?;
        let order = query
            .order
            .single(|| ApiError::invalid_parameter("order", ORDER_TWICE))?;
        let order = match order {
            Some(order) => order
                .parse()
                .map_err(|UnknownOrder| ApiError::invalid_parameter("order", UNKNOWN_ORDER))?,
            None => default_order,
        };
        let (changes, state) = parse_include(query.include)?;
        let view = TracesView {
            order,
            changes,
            state,
            as_of: parse_as_of(query.as_of)?,
        };
        let format = parse_format(query.format)?;
        let is_stream = format.is_none() && prefers_stream();
        if is_stream && view.as_of.is_some() {
            return Err(ApiError::invalid_parameter("as_of", AS_OF_IN_STREAM));
        }
        let format = match format {
            _ if is_stream => Some(Format::Json),
            Some(format) => Some(format),
            None => default_format(),
        };
        if view.state && format == Some(Format::Csv) {
            return Err(ApiError::invalid_parameter("include", STATE_IN_CSV));
        }
        Ok(Self {
            ticket,
            view,
            format,
            is_stream,
        })
    }
}

/// Returns the ticket number in a query string.
#[cfg(feature = "fuzzing")]
pub(crate) fn parse_ticket(query: &str) -> Result<TicketId, ApiError> {
    Params::parse(query, Order::default(), || None, || false).map(|params| params.ticket)
}

impl FromRequest for Params {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let default_order = request
            .app_data::<Data<HttpSettings>>()
            .map_or(Order::default(), |settings| settings.default_order);
        let accepted = || preferred_format(request, FORMATS);
        let stream = || prefers_event_stream(request, FORMATS);
        let params = Self::parse(request.query_string(), default_order, accepted, stream);
        if let Ok(Self { ticket, .. }) = params {
            request.extensions_mut().insert(ticket); // for the access log
        }
        ready(params)
    }
}

const FORMATS: &[Format] = &[Format::Json, Format::Csv];

const ORDER_TWICE: LocalizedText =
    LocalizedText::new("given more than once", "出现了多次，请只用一个 asc 或 desc");
pub(crate) const UNKNOWN_ORDER: LocalizedText =
    LocalizedText::new("expected asc or desc", "请用 asc 或 desc");
const INCLUDE_TWICE: LocalizedText = LocalizedText::new(
    "given more than once, expected one comma-separated list of changes and state",
    "出现了多次，请只用一个以逗号分隔的 changes 和 state 的列表",
);
pub(crate) const UNKNOWN_INCLUDE: LocalizedText = LocalizedText::new(
    "expected a comma-separated list of changes and state",
    "请用以逗号分隔的 changes 和 state 的列表",
);
const STATE_IN_CSV: LocalizedText = LocalizedText::new(
    "state is not available in the format csv, expected changes",
    "csv 格式不提供 state，请只用 changes",
);
const AS_OF_TWICE: LocalizedText = LocalizedText::new(
    "given more than once, expected one RFC 3339 timestamp such as 2025-12-06T10:00:00Z",
    "出现了多次，请只用一个 RFC 3339 时间，例如 2025-12-06T10:00:00Z",
);
pub(crate) const INVALID_TIMESTAMP: LocalizedText = LocalizedText::new(
    "expected an RFC 3339 timestamp such as 2025-12-06T10:00:00Z",
    "请用 RFC 3339 时间，例如 2025-12-06T10:00:00Z",
);
pub(crate) const SPACE_IN_TIMESTAMP: LocalizedText = LocalizedText::new(
    "expected an RFC 3339 timestamp, found a space: encode + as %2B in a query, such as 2025-12-06T18:00:00%2B08:00",
    "时间中有空格，请在网址中把 + 写成 %2B，例如 2025-12-06T18:00:00%2B08:00",
);
const AS_OF_IN_STREAM: LocalizedText =
    LocalizedText::new("not available in an event stream", "事件流不支持 as_of");
const FORMAT_TWICE: LocalizedText = LocalizedText::new(
    "given more than once, expected json or csv",
    "出现了多次，请只用一个 json 或 csv",
);
pub(crate) const UNKNOWN_FORMAT: LocalizedText =
    LocalizedText::new("expected json or csv", "请用 json 或 csv");

/// Parses `include`. Returns two flags: whether the changes are included, and whether the state is.
fn parse_include(include: Value<'_>) -> Result<(bool, bool), ApiError> {
    let (mut changes, mut state) = (false, false);
    let list = include.single(|| ApiError::invalid_parameter("include", INCLUDE_TWICE))?;
    if let Some(list) = list {
        for name in list.split(',') {
            match name {
                "changes" => changes = true,
                "state" => state = true,
                _ => return Err(ApiError::invalid_parameter("include", UNKNOWN_INCLUDE)),
            }
        }
    }
    Ok((changes, state))
}

fn parse_as_of(as_of: Value<'_>) -> Result<Option<Timestamp>, ApiError> {
    let text = as_of.single(|| ApiError::invalid_parameter("as_of", AS_OF_TWICE))?;
    let as_of = text.as_deref().map(parse_timestamp).transpose();
    as_of.map_err(|reason| ApiError::invalid_parameter("as_of", reason))
}

/// Parses the timestamp of a parameter. Returns the reason if it is invalid.
pub(crate) fn parse_timestamp(text: &str) -> Result<Timestamp, LocalizedText> {
    Timestamp::from_rfc3339(text).map_err(|_| {
        // In a query string, `+` means a space. Clients often do not encode the `+` of an offset.
        if Timestamp::from_rfc3339(&text.replace(' ', "+")).is_ok() {
            SPACE_IN_TIMESTAMP
        } else {
            INVALID_TIMESTAMP
        }
    })
}

fn parse_format(format: Value<'_>) -> Result<Option<Format>, ApiError> {
    let format = format.single(|| ApiError::invalid_parameter("format", FORMAT_TWICE))?;
    match format.as_deref() {
        None => Ok(None),
        Some("json") => Ok(Some(Format::Json)),
        Some("csv") => Ok(Some(Format::Csv)),
        Some(_) => Err(ApiError::invalid_parameter("format", UNKNOWN_FORMAT)),
    }
}

/// The values of the known parameters in a query string.
#[derive(Default)]
struct Query<'q> {
    tid: Value<'q>,
    order: Value<'q>,
    include: Value<'q>,
    as_of: Value<'q>,
    format: Value<'q>,
}

/// The first value of a parameter, and whether the parameter is repeated.
#[derive(Default)]
struct Value<'q> {
    first: Option<Cow<'q, str>>,
    is_repeated: bool,
}

impl<'q> Query<'q> {
    fn parse(query: &'q str) -> Self {
        let mut parsed = Self::default();
        for (name, text) in form_urlencoded::parse(query.as_bytes()) {
            let value = match &*name {
                "tid" => &mut parsed.tid,
                "order" => &mut parsed.order,
                "include" => &mut parsed.include,
                "as_of" => &mut parsed.as_of,
                "format" => &mut parsed.format,
                _ => continue,
            };
            value.is_repeated = value.first.is_some();
            value.first.get_or_insert(text);
        }
        parsed
    }
}

impl<'q> Value<'q> {
    /// Returns the value, or `None` if it is missing or empty.
    ///
    /// # Errors
    ///
    /// Returns the error `repeated` if the parameter is given more than once.
    fn single(self, repeated: impl FnOnce() -> ApiError) -> Result<Option<Cow<'q, str>>, ApiError> {
        if self.is_repeated {
            return Err(repeated());
        }
        Ok(self.first.filter(|value| !value.is_empty()))
    }
}

#[cfg(test)]
mod tests;
