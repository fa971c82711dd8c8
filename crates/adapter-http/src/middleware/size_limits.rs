//! Size limits of a request's head.

use actix_web::dev::ServiceRequest;

use crate::error::ApiError;

/// Path and query together.
pub(crate) const MAX_TARGET_BYTES: usize = 8 * 1024;
/// All names and values together; far more than the longest token, which has an error of its own.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// # Errors
///
/// Returns an error if a limit is exceeded.
pub(super) fn check(request: &ServiceRequest) -> Result<(), ApiError> {
    if request
        .uri()
        .path_and_query()
        .is_some_and(|target| target.as_str().len() > MAX_TARGET_BYTES)
    {
        return Err(ApiError::TargetTooLong);
    }
    let header = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum::<usize>();
    if header > MAX_HEADER_BYTES {
        return Err(ApiError::HeaderTooLong);
    }
    Ok(())
}
