//! The format of event streams (HTML standard, section 9.2).

use std::time::Duration;

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, VARY},
    web::Bytes,
};
use futures_util::{Stream, stream};

use super::EndReason;
use crate::{error::ApiError, response::EVENT_STREAM};

/// A comment line that shows clients and proxies that the stream is still open.
pub(crate) const HEARTBEAT: Bytes = Bytes::from_static(b":\n\n");
/// The idle time after which a heartbeat is sent.
pub(crate) const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(15);

/// The source of the chunks of an event stream.
pub(crate) trait EventStream: Sized + 'static {
    /// Returns the next chunk; `None` at the end.
    async fn next_chunk(&mut self) -> Option<Result<Bytes, ApiError>>;

    /// Returns the response. The stream begins with the time after which a client may open the next one, which is random,
    /// so that the clients of a service that stops do not all come at once.
    fn into_response(self) -> HttpResponse {
        let retry = format!("retry: {}\n\n", fastrand::u16(1_000..=5_000));
        let events = stream::unfold((Some(retry), self), async |(retry, mut events)| {
            let chunk = match retry {
                Some(retry) => Ok(retry.into()),
                None => events.next_chunk().await?,
            };
            Some((chunk, (None, events)))
        });
        response(events)
    }
}

/// Returns the response to `HEAD`, which has the headers of a stream.
pub(crate) fn head_response() -> HttpResponse {
    response(stream::empty())
}

/// Returns a response with the headers of an event stream.
fn response(chunks: impl Stream<Item = Result<Bytes, ApiError>> + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(EVENT_STREAM)
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((VARY, "Accept"))
        // Without this header, nginx would buffer the events.
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(Box::pin(chunks))
}

/// Returns the last event of a stream.
pub(crate) fn end_event(reason: EndReason) -> Bytes {
    let reason = reason.as_str();
    format!("event: end\ndata: {{\"reason\":\"{reason}\"}}\n\n").into()
}
