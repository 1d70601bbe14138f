//! What spans are of; without spans it is named and not read.

/// What somebody asked the cache for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    Call,
    Refresh,
    Get,
    GetOrLoad,
    Set,
    Remove,
    Expire,
    InvalidateTag,
    InvalidateFunction,
    Emit,
    Announce,
    Settle,
    RemovePattern,
    Clear,
}

/// What an operation is of.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(not(feature = "tracing"), expect(dead_code, reason = "it is for spans"))]
pub(crate) struct Of<'a> {
    /// The namespace.
    pub(crate) cache: &'a str,
    pub(crate) function: Option<&'a str>,
    pub(crate) template: Option<&'a str>,
    pub(crate) event: Option<&'a str>,
}
