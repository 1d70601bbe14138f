//! Where a function stands, by the text of the file that it stands in: no token that a macro is given says so.
//!
//! What is told is certain: a function that a macro has written, or that an attribute may have moved, is not found.

mod items;
mod tokens;

pub(crate) use items::leaves_alone;

use proc_macro2::Ident;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::path::PathBuf;

/// What surrounds a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Module,
    /// An impl that is not of a trait.
    Impl,
    TraitImpl,
}

/// A function, by where its name is: line and column, from one.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    name: String,
    at: (usize, usize),
    place: Place,
}

/// A file as it was when it was read.
type Read = (Metadata, Vec<Found>);

thread_local! {
    /// A file has many functions, and is read once.
    static FILES: RefCell<HashMap<PathBuf, Read>> = RefCell::default();
}

/// Where a function stands; none if that is not certain.
pub(crate) fn place_of(name: &Ident) -> Option<Place> {
    if !proc_macro::is_available() {
        return None;
    }
    let span = name.span().unwrap();
    let (path, at, name) = (span.local_file()?, (span.line(), span.column()), name.to_string());
    let now = fs::metadata(&path).ok()?;
    FILES.with_borrow_mut(|files| {
        if !files.get(&path).is_some_and(|(then, _)| is_the_same(then, &now)) {
            let found = found(&fs::read_to_string(&path).ok()?);
            files.insert(path.clone(), (now, found));
        }
        let (_, found) = files.get(&path)?;
        found.iter().find(|found| found.at == at && found.name == name).map(|found| found.place)
    })
}

fn is_the_same(then: &Metadata, now: &Metadata) -> bool {
    then.len() == now.len() && then.modified().ok() == now.modified().ok()
}

/// The functions that are certain to stand where they seem to.
fn found(text: &str) -> Vec<Found> {
    let (mut line, mut start, mut seen) = (1, 0, 0);
    let found = items::functions(text).into_iter().map(|(name, offset, place)| {
        for (at, _) in text[seen..offset].match_indices('\n') {
            (line, start) = (line + 1, seen + at + 1);
        }
        seen = offset;
        Found { name: name.to_owned(), at: (line, text[start..offset].chars().count() + 1), place }
    });
    found.collect()
}

#[cfg(test)]
mod tests;
