//! Tests of event streams in production: behind proxies, with clients that do not read, with an unavailable database, and
//! when the access of the caller ends.
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod access;
mod database;
mod proxies;
mod slow_client;
#[path = "../support/mod.rs"]
mod support;

/// The path of the feed.
const FEED: &str = "/api/v3/traces";
/// The student number of an operator.
const JAMES: &str = "2022310007";
