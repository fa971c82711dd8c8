//! Size limits of a request.

use actix_web::dev::ServiceRequest;

use super::framing::content_length;
use crate::{
    error::ApiError,
    routes::{MAX_DISCARDED_BODY_BYTES, Route},
};

/// Path and query together.
const MAX_TARGET_BYTES: usize = 8 * 1_024;
/// All names and values together; far more than the longest token, which has an error of its own.
const MAX_HEADER_BYTES: usize = 64 * 1_024;

/// # Errors
///
/// Returns an error if a limit is exceeded.
pub(super) fn check(request: &ServiceRequest, route: Option<&Route>) -> Result<(), ApiError> {
    let max_body = route.map_or(MAX_DISCARDED_BODY_BYTES, |route| route.max_body_bytes);
    if content_length(request.headers()).is_some_and(|length| length > max_body) {
        return Err(ApiError::BodyTooLong);
    }
    let target = request.uri().path_and_query();
    if target.is_some_and(|target| target.as_str().len() > MAX_TARGET_BYTES) {
        return Err(ApiError::TargetTooLong);
    }
    let fields = request.headers().iter();
    let header: usize = fields
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if header > MAX_HEADER_BYTES {
        return Err(ApiError::HeaderTooLong);
    }
    Ok(())
}
