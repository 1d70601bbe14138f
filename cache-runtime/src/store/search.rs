//! Looking for names: what a store is asked for by who knows a part of a name only.

/// Which page of the names is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// What the names contain.
    pub part: &'a str,
    /// Where the last page ended; by default nowhere, which asks for the first.
    pub from: Cursor,
}

/// A place between two pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The first partition of the server that is being asked.
    pub partition: u16,
    /// What that server calls the place.
    pub at: u64,
}

/// Some of the names, some of them perhaps twice, and perhaps others that do not contain the part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Keys that have an entry, or a fence, since a load of them is under way.
    pub keys: Vec<String>,
    /// Dependencies that have a generation.
    pub dependencies: Vec<String>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}
