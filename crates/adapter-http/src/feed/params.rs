//! The query parameters of a request for a page of the feed.

use std::{borrow::Cow, str::FromStr};

use wts_app::{FeedFilter, FeedPosition, PageQuery};
use wts_domain::{
    ActiveCaller, Category, Priority, StaffId, Status, TicketId, can_read_all_traces,
};

use super::cursor;
use crate::{
    error::{ApiError, LocalizedText},
    settings::{Order, UnknownOrder},
    traces::params::{UNKNOWN_ORDER, parse_timestamp},
};

/// The maximum number of traces of a page, and that of a page with changes.
const MAX_LIMIT: usize = 1_000;
const MAX_LIMIT_WITH_CHANGES: usize = 100;
/// The number of traces of a page if the query has no `limit`.
const DEFAULT_LIMIT: usize = 100;
/// The maximum number of tickets.
const MAX_TICKETS: usize = 100;

/// The parsed query parameters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Params {
    pub(super) page: PageQuery,
    pub(super) include_changes: bool,
}

impl Params {
    /// Parses the query of a caller. Unknown parameters are ignored. The parameters are checked in the order in which the
    /// API lists them, and the first that is invalid determines the error.
    pub(super) fn parse(query: &str, caller: &ActiveCaller) -> Result<Self, ApiError> {
        let query = Query(form_urlencoded::parse(query.as_bytes()).collect());
        let tickets = query.tickets()?;
        if tickets.is_none() && !can_read_all_traces(caller) {
            return Err(ApiError::MissingTicket);
        }
        let order = query.parse("order", |order| {
            order.parse().map_err(|UnknownOrder| UNKNOWN_ORDER)
        })?;
        let order = order.unwrap_or(Order::Asc);
        let include_changes = query.parse("include", parse_include)?.is_some();
        query.parse("format", parse_format)?;
        let start = query.parse("cursor", |text| {
            cursor::decode(text, order).ok_or(INVALID_CURSOR)
        })?;
        let start = start.unwrap_or(match order {
            Order::Asc => FeedPosition::Oldest,
            Order::Desc => FeedPosition::Newest,
        });
        let max = if include_changes {
            MAX_LIMIT_WITH_CHANGES
        } else {
            MAX_LIMIT
        };
        let limit = query.parse("limit", |text| parse_limit(text, max))?;
        let filter = FeedFilter {
            tickets,
            since: query.parse("since", parse_timestamp)?,
            until: query.parse("until", parse_timestamp)?,
            op: query.parse("op", parse_op)?,
            statuses: query.labels("status", &names(Status::ALL, Status::as_str))?,
            priorities: query.labels("priority", &names(Priority::ALL, Priority::as_str))?,
            categories: query.labels("category", &names(Category::ALL, Category::as_str))?,
        };
        Ok(Self {
            page: PageQuery {
                start,
                limit: limit.unwrap_or(DEFAULT_LIMIT),
                filter,
            },
            include_changes,
        })
    }
}

const TWICE: LocalizedText = LocalizedText::new("given more than once", "出现了多次，请只用一次");
pub(crate) const UNKNOWN_INCLUDE: LocalizedText =
    LocalizedText::new("expected changes", "请用 changes");
pub(crate) const UNKNOWN_FORMAT: LocalizedText = LocalizedText::new("expected json", "请用 json");
pub(crate) const INVALID_CURSOR: LocalizedText = LocalizedText::new(
    "expected next_cursor or live_cursor of a response in the same order, or end with order=asc",
    "请用同一排列顺序的响应中的 next_cursor 或 live_cursor，或在 order=asc 时用 end",
);
pub(crate) const INVALID_LIMIT: LocalizedText = LocalizedText::new(
    "expected a number from 1 to 1000",
    "请用 1 至 1000 之间的整数",
);
pub(crate) const INVALID_LIMIT_WITH_CHANGES: LocalizedText = LocalizedText::new(
    "expected a number from 1 to 100 with include=changes",
    "使用 include=changes 时，请用 1 至 100 之间的整数",
);
pub(crate) const INVALID_OP: LocalizedText = LocalizedText::new(
    "expected a staff number, found a zero byte",
    "请用工号，其中不能有零字节",
);
pub(crate) const TOO_MANY_TICKETS: &str = "expected at most 100 tickets";
pub(crate) const REPEATED_TICKET: &str = "a ticket is named more than once";

fn parse_include(list: &str) -> Result<(), LocalizedText> {
    if list.split(',').all(|name| name == "changes") {
        Ok(())
    } else {
        Err(UNKNOWN_INCLUDE)
    }
}

/// Checks the format. JSON is the only format of the feed.
fn parse_format(format: &str) -> Result<(), LocalizedText> {
    if format == "json" {
        Ok(())
    } else {
        Err(UNKNOWN_FORMAT)
    }
}

fn parse_limit(text: &str, max: usize) -> Result<usize, LocalizedText> {
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let limit = text.parse().ok().filter(|limit| *limit <= max);
    limit.filter(|_| is_decimal).ok_or(match max {
        MAX_LIMIT_WITH_CHANGES => INVALID_LIMIT_WITH_CHANGES,
        _ => INVALID_LIMIT,
    })
}

fn parse_op(text: &str) -> Result<StaffId, LocalizedText> {
    // No database stores text with a zero byte.
    if text.contains('\0') {
        return Err(INVALID_OP);
    }
    Ok(StaffId::from(text))
}

/// Returns the names of all values of an enum, separated by commas.
pub(crate) fn names<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> String {
    let names: Vec<_> = all.iter().copied().map(name).collect();
    names.join(", ")
}

/// Returns the message for a list that contains another label than the `known` ones.
pub(crate) fn unknown_label(known: &str) -> LocalizedText {
    LocalizedText {
        english: format!("expected a comma-separated list of {known}").into(),
        chinese: format!("请用以逗号分隔的列表，可用的值为 {known}").into(),
    }
}

/// The names and values of a query, in its order.
struct Query<'q>(Vec<(Cow<'q, str>, Cow<'q, str>)>);

impl Query<'_> {
    /// Returns the value of a parameter; `None` if it is missing or empty.
    ///
    /// # Errors
    ///
    /// Returns the error `repeated` if the parameter is given more than once.
    fn single(
        &self,
        name: &str,
        repeated: impl FnOnce() -> ApiError,
    ) -> Result<Option<&str>, ApiError> {
        let mut values = self.0.iter().filter(|(key, _)| key == name);
        let value = values.next().map(|(_, value)| &**value);
        if values.next().is_some() {
            return Err(repeated());
        }
        Ok(value.filter(|value| !value.is_empty()))
    }

    fn parse<T>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, LocalizedText>,
    ) -> Result<Option<T>, ApiError> {
        let value = self.single(name, || ApiError::invalid_parameter(name, TWICE))?;
        let value = value.map(parse).transpose();
        value.map_err(|reason| ApiError::invalid_parameter(name, reason))
    }

    /// Parses a list of labels; it is empty if the parameter is missing.
    fn labels<T: FromStr>(&self, name: &'static str, known: &str) -> Result<Vec<T>, ApiError> {
        let labels = self.parse(name, |list| {
            let labels: Result<Vec<T>, _> = list.split(',').map(str::parse).collect();
            labels.map_err(|_| unknown_label(known))
        })?;
        Ok(labels.unwrap_or_default())
    }

    fn tickets(&self) -> Result<Option<Vec<TicketId>>, ApiError> {
        let repeated = || ApiError::InvalidTicket("given more than once".into());
        let Some(list) = self.single("tid", repeated)? else {
            return Ok(None);
        };
        let mut tickets: Vec<TicketId> = Vec::new();
        for ticket in list.split(',') {
            let ticket = ticket.parse()?;
            if tickets.contains(&ticket) {
                return Err(ApiError::InvalidTicket(REPEATED_TICKET.into()));
            }
            if tickets.len() == MAX_TICKETS {
                return Err(ApiError::InvalidTicket(TOO_MANY_TICKETS.into()));
            }
            tickets.push(ticket);
        }
        Ok(Some(tickets))
    }
}

#[cfg(test)]
mod tests;
