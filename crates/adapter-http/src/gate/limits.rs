//! Requests that are too long to look at.

use actix_web::dev::ServiceRequest;

use crate::error::ApiError;

/// Of path and query together, in bytes.
pub(crate) const LONGEST_TARGET: usize = 8 * 1024;
/// Of all names and values together, in bytes. Far more than the longest token, which has a refusal of its own.
const LONGEST_HEADER: usize = 64 * 1024;

/// # Errors
///
/// If one of the limits is passed.
pub(super) fn check(request: &ServiceRequest) -> Result<(), ApiError> {
    if request
        .uri()
        .path_and_query()
        .is_some_and(|target| target.as_str().len() > LONGEST_TARGET)
    {
        return Err(ApiError::TargetTooLong);
    }
    let header = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum::<usize>();
    if header > LONGEST_HEADER {
        return Err(ApiError::HeaderTooLong);
    }
    Ok(())
}
