//! The query parameters of a request for traces.

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

/// The parsed query parameters.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Params {
    pub(super) ticket: TicketId,
    pub(super) order: Order,
}

impl Params {
    /// Parses `tid` and `order`. Other parameters are ignored.
    fn parse(query: &str, default_order: Order) -> Result<Self, ApiError> {
        let ticket = single_value("tid", query)?
            .ok_or(ApiError::MissingTicket)?
            .parse()?;
        let order = match single_value("order", query)? {
            Some(order) => order.parse().map_err(|error: UnknownOrder| {
                ApiError::invalid_parameter("order", error.to_string())
            })?,
            None => default_order,
        };
        Ok(Self { ticket, order })
    }
}

/// Returns the ticket of a query.
#[cfg(feature = "fuzzing")]
pub(crate) fn parse_ticket(query: &str) -> Result<TicketId, ApiError> {
    Params::parse(query, Order::default()).map(|params| params.ticket)
}

impl FromRequest for Params {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let default_order = request
            .app_data::<Data<HttpSettings>>()
            .map_or(Order::default(), |settings| settings.default_order);
        let params = Self::parse(request.query_string(), default_order);
        if let Ok(Self { ticket, .. }) = params {
            request.extensions_mut().insert(ticket); // for the access log
        }
        ready(params)
    }
}

/// Returns the value of a parameter; `None` if it is missing or empty.
///
/// # Errors
///
/// Returns [`ApiError::InvalidParameter`] if the parameter is given more than once.
fn single_value<'q>(name: &'static str, query: &'q str) -> Result<Option<Cow<'q, str>>, ApiError> {
    let mut values = form_urlencoded::parse(query.as_bytes())
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value);
    let value = values.next();
    if values.next().is_some() {
        return Err(ApiError::invalid_parameter(name, "given more than once"));
    }
    Ok(value.filter(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests;
