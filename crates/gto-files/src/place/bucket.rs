//! What the addresses of buckets have in common, whoever keeps them.

use url::Url;

/// The bucket of `BUCKET/FOLDER`, and the beginning of the names of what is in the folder: with a slash at its end, unless it is empty.
pub(super) fn split(rest: &str) -> (&str, String) {
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let prefix = prefix.trim_matches('/');
    (bucket, if prefix.is_empty() { String::new() } else { format!("{prefix}/") })
}

/// The address of a service, and its host as `--trust-remote` names it: with the port, unless that is the usual one.
///
/// # Errors
/// Why it is none, in one clause.
pub(super) fn endpoint(text: &str) -> Result<(Url, String), String> {
    let url: Url = text.parse().map_err(|_| "its endpointurl is no address".to_owned())?;
    let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https"));
    let host = host.ok_or("its endpointurl is no address of the web")?;
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    Ok((url, host))
}
