//! The query of a request for traces.

use std::{
    borrow::Cow,
    future::{Ready, ready},
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web::Data};
use wts_domain::TicketId;

use crate::{
    error::ApiError,
    settings::{HttpSettings, Order, UnknownOrder},
};

/// What the query asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Params {
    pub(super) ticket: TicketId,
    pub(super) order: Order,
}

impl Params {
    /// Reads `tid` and `order` from a query, and ignores all else in it.
    fn read(query: &str, default_order: Order) -> Result<Self, ApiError> {
        let ticket = one("tid", query)?.ok_or(ApiError::MissingTicket)?.parse()?;
        let order = match one("order", query)? {
            Some(order) => order
                .parse()
                .map_err(|error: UnknownOrder| ApiError::invalid("order", error.to_string()))?,
            None => default_order,
        };
        Ok(Self { ticket, order })
    }
}

/// The ticket that a query asks for.
#[cfg(feature = "fuzzing")]
pub(crate) fn ticket_of(query: &str) -> Result<TicketId, ApiError> {
    Params::read(query, Order::default()).map(|params| params.ticket)
}

impl FromRequest for Params {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let default_order = request
            .app_data::<Data<HttpSettings>>()
            .map_or(Order::default(), |settings| settings.default_order);
        let params = Self::read(request.query_string(), default_order);
        if let Ok(Self { ticket, .. }) = params {
            request.extensions_mut().insert(ticket); // for the access record
        }
        ready(params)
    }
}

/// Returns the value of a parameter that may be given once, `None` if it is missing or empty.
fn one<'q>(name: &'static str, query: &'q str) -> Result<Option<Cow<'q, str>>, ApiError> {
    let mut values = form_urlencoded::parse(query.as_bytes())
        .filter(|(given, _)| given == name)
        .map(|(_, value)| value);
    let value = values.next();
    if values.next().is_some() {
        return Err(ApiError::invalid(name, "given more than once"));
    }
    Ok(value.filter(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests;
